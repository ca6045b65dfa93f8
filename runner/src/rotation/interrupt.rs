//! The wish of whoever started us that we come to an end.

/// Tells that a rotation is to end: it begins no step that may change more, and settles what it
/// began.
#[async_trait::async_trait(?Send)]
pub trait Interrupt {
    /// Tells whether it is to end.
    fn is_set(&self) -> bool;
    /// Waits until it is to end; at once when it is already.
    async fn wait(&self);
}

/// Lets every rotation come to its own end.
#[derive(Debug, Clone, Copy)]
pub struct Uninterrupted;

#[async_trait::async_trait(?Send)]
impl Interrupt for Uninterrupted {
    fn is_set(&self) -> bool {
        false
    }

    async fn wait(&self) {
        std::future::pending::<()>().await;
    }
}
