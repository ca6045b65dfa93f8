//! Work on many things at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Lets `jobs` threads do `work` on all items, and hands each result to `take`, in the order of the
/// items. After the first error no new work begins.
pub(super) fn parallel<T: Sync, R: Send, E>(
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(&T, R) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (told, results) = mpsc::channel();
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (told, next, work) = (told.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    if told.send((at, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(told);
        let mut waiting = std::collections::BTreeMap::new();
        let mut items = items.iter().enumerate().peekable();
        for (at, result) in results {
            waiting.insert(at, result);
            while let Some((at, item)) = items.peek()
                && let Some(result) = waiting.remove(at)
            {
                take(item, result)?;
                items.next();
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        let mut taken = Vec::new();
        let done: Result<(), ()> = parallel(
            4,
            &items,
            |item| item * 2,
            |item, result| {
                taken.push((*item, result));
                Ok(())
            },
        );
        assert!(done.is_ok() && taken.len() == 100);
        assert!(taken.iter().enumerate().all(|(at, (item, result))| at == *item && at * 2 == *result));
    }

    #[test]
    fn an_error_ends_it() {
        let done =
            parallel(2, &[1, 2, 3], |item| *item, |_, item| if item == 2 { Err(item) } else { Ok(()) });
        assert_eq!(done, Err(2));
        let nothing: Result<(), ()> = parallel(2, &[], |item: &usize| *item, |_, _| Ok(()));
        assert!(nothing.is_ok());
    }
}
