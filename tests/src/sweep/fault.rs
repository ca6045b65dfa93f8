//! Faults: what goes wrong at a place.

use std::time::Duration;

use super::disturbed::Disturbance;
use super::place::{Peer, Place};
use super::seed::Chance;
use super::world::{AppCast, World};
use crate::cloud::{self, CollisionForm};
use crate::gateway::{Signal, Victim};
use crate::keeper;
use crate::net::Moment;

/// When a write lands whose client got no answer.
const LATE: Duration = Duration::from_millis(500);
/// When one lands that its client waited for, and how long clients wait then.
const TOO_LATE: Duration = Duration::from_millis(900);
const IMPATIENT: &str = "400ms";
/// How long a killed process may have lived on after an answer left, in microseconds.
const LINGER: usize = 5000;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no connection to be had.
    Refused,
    /// The connection breaks; nothing is done.
    Reset,
    /// A refusal, as the service words it.
    Denied,
    /// 503; nothing is done.
    Unavailable,
    /// Somebody else's page, with status 200; nothing is done.
    Garbled,
    /// Done, but the connection breaks before the answer.
    Lost,
    /// Done, but the answer is 503.
    DoneBut503,
    /// Done, but the connection breaks in the middle of the answer.
    Cut,
    /// The connection breaks; done a little later.
    Late,
    /// Nobody answers for as long as we wait; done a little later.
    Hanging,
    /// Throttled, with the time to wait.
    Throttled,
    /// Throttled, without a time.
    ThrottledSilently,
    /// Refused, since another write is under way.
    Collision,
    /// A read shows what was before the last write.
    Stale,
    /// This read and the next two show what was before the last write.
    StaleForLong,
    /// The token has expired.
    TokenExpired,
    /// From here on, every connection breaks and nothing is done.
    Outage,
    /// From here on, everything is done and nothing answered.
    Mute,
    /// pamrun is killed; nothing is done.
    KilledBefore,
    /// Done, and pamrun is killed before the answer.
    KilledDone,
    /// Done, and pamrun is killed shortly after the answer.
    KilledAnswered,
    /// pamrun is killed; done a little later.
    KilledLate,
    /// pamrun is asked to end.
    Terminated,
    /// pamrun is asked to end, twice.
    TerminatedTwice,
    /// Somebody changes another field of the record.
    OtherField,
    /// Somebody else makes a secret and saves it to the record.
    ForeignRotation,
    /// Another gateway rotates the same record.
    Elsewhere,
    /// There is no room for the entry, nor for later ones.
    DiskFull,
    /// pamrun is killed as soon as the entry shows.
    Killed,
    /// pamrun is killed shortly after the entry shows.
    KilledSoon,
}

impl Fault {
    /// All there are, with their names.
    pub const ALL: [(&str, Self); 30] = [
        ("refused", Self::Refused),
        ("reset", Self::Reset),
        ("denied", Self::Denied),
        ("unavailable", Self::Unavailable),
        ("garbled", Self::Garbled),
        ("lost", Self::Lost),
        ("done-but-503", Self::DoneBut503),
        ("cut", Self::Cut),
        ("late", Self::Late),
        ("hanging", Self::Hanging),
        ("throttled", Self::Throttled),
        ("throttled-silently", Self::ThrottledSilently),
        ("collision", Self::Collision),
        ("stale", Self::Stale),
        ("stale-for-long", Self::StaleForLong),
        ("token-expired", Self::TokenExpired),
        ("outage", Self::Outage),
        ("mute", Self::Mute),
        ("killed-before", Self::KilledBefore),
        ("killed-done", Self::KilledDone),
        ("killed-answered", Self::KilledAnswered),
        ("killed-late", Self::KilledLate),
        ("terminated", Self::Terminated),
        ("terminated-twice", Self::TerminatedTwice),
        ("other-field", Self::OtherField),
        ("foreign-rotation", Self::ForeignRotation),
        ("elsewhere", Self::Elsewhere),
        ("disk-full", Self::DiskFull),
        ("killed", Self::Killed),
        ("killed-soon", Self::KilledSoon),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, fault)| *fault == self).unwrap().0
    }

    /// Whether it can happen at a place.
    pub fn fits(self, place: &Place) -> bool {
        match place {
            Place::Entry { .. } => matches!(self, Self::DiskFull | Self::Killed | Self::KilledSoon),
            Place::Request { peer, nth, what, writes } => match self {
                Self::DiskFull | Self::Killed | Self::KilledSoon => false,
                Self::Collision => *writes && *peer == Peer::Cloud,
                Self::Stale | Self::StaleForLong => what.starts_with("get"),
                Self::TokenExpired => what != "token" && *peer == Peer::Cloud,
                Self::KilledLate | Self::Late => *writes,
                // Before the record is read, whatever others do to it is no conflict.
                Self::OtherField | Self::ForeignRotation => *peer == Peer::Cloud || *nth > 1,
                _ => true,
            },
        }
    }

    /// Whether it ends pamrun.
    pub fn ends_it(self) -> bool {
        self.name().starts_with("killed") || self.name().starts_with("terminated")
    }

    /// Makes it happen to the next rotation.
    pub(super) fn plant(self, place: &Place, world: &World, mut chance: Chance) -> Disturbance {
        let victim = Victim::default();
        let mut disturbance = Disturbance { victim: victim.clone(), ..Disturbance::default() };
        match place {
            Place::Entry { middle, .. } if self == Self::DiskFull => {
                disturbance.file_limit = Some(world.journals()[0].length() + middle);
            }
            Place::Entry { nth, .. } => {
                let linger = if self == Self::Killed { 0 } else { chance.below(LINGER) };
                disturbance.death_at_entry = Some((*nth, micros(linger)));
            }
            Place::Request { peer, nth, .. } => {
                self.plant_in_traffic(*peer, *nth, world);
                self.plant_acts(*peer, *nth, world, &victim, &mut chance);
            }
        }
        disturbance.flags = match self {
            Self::Hanging => &[("--request-timeout", IMPATIENT)],
            // A vault is asked for three quarters of a minute; a mistake would come after that.
            _ if self.lasts() && matches!(place, Place::Request { peer: Peer::Vault, .. }) => {
                &[("--timeout", "75s")]
            }
            // The other rotation has to be over before this one goes on.
            Self::Elsewhere => &[("--request-timeout", "60s"), ("--timeout", "80s")],
            _ => &[],
        };
        disturbance
    }

    fn plant_in_traffic(self, peer: Peer, nth: usize, world: &World) {
        match peer {
            Peer::Cloud => {
                let on = cloud::On::path("");
                let on = if self.lasts() { on.from(nth) } else { on.nth(nth) };
                if let Some(fault) = self.of_cloud() {
                    world.cloud.fault(on, fault);
                }
                if self == Self::StaleForLong {
                    for next in [nth + 1, nth + 2] {
                        let on = cloud::On::path("").nth(next);
                        world.cloud.fault(on, cloud::Fault::StaleList(1));
                    }
                }
            }
            Peer::Vault => {
                let keeper = &world.gateway.keeper().keeper;
                let on = if self.lasts() { keeper::On::any().from(nth) } else { keeper::On::any().nth(nth) };
                if let Some(fault) = self.of_vault() {
                    keeper.fault(on, fault);
                }
                if self == Self::StaleForLong {
                    for next in [nth + 1, nth + 2] {
                        keeper.fault(keeper::On::any().nth(next), keeper::Fault::Stale(1));
                    }
                }
            }
        }
    }

    fn lasts(self) -> bool {
        matches!(self, Self::Outage | Self::Mute)
    }

    fn of_cloud(self) -> Option<cloud::Fault> {
        use cloud::Fault as Cloud;
        Some(match self {
            Self::Reset | Self::Outage | Self::KilledBefore => Cloud::DropBeforeApply,
            Self::Denied => Cloud::Denied,
            Self::Unavailable => Cloud::Status(503, String::new()),
            Self::Garbled => Cloud::Status(200, PAGE.to_owned()),
            Self::Lost | Self::Mute | Self::KilledDone => Cloud::ApplyThenDrop,
            Self::DoneBut503 => Cloud::ApplyThenStatus(503),
            Self::Cut => Cloud::CutInTheMiddle,
            Self::Late | Self::KilledLate => Cloud::LandLate(LATE),
            Self::Hanging => Cloud::Hang(TOO_LATE),
            Self::Throttled => Cloud::Throttle(Some(1)),
            Self::ThrottledSilently => Cloud::Throttle(None),
            Self::Collision => Cloud::Collision(CollisionForm::Conflict),
            Self::Stale | Self::StaleForLong => Cloud::StaleList(1),
            Self::TokenExpired => Cloud::ExpireTokens,
            _ => return None,
        })
    }

    fn of_vault(self) -> Option<keeper::Fault> {
        use keeper::Fault as Vault;
        Some(match self {
            Self::Reset | Self::Outage | Self::KilledBefore => Vault::DropBeforeApply,
            Self::Denied => Vault::Status(403, keeper::error_body("access_denied", "Access denied")),
            Self::Unavailable => Vault::Status(503, String::new()),
            Self::Garbled => Vault::Status(200, PAGE.to_owned()),
            Self::Lost | Self::Mute | Self::KilledDone => Vault::ApplyThenDrop,
            Self::DoneBut503 => Vault::ApplyThenStatus(503),
            Self::Cut => Vault::CutInTheMiddle,
            Self::Late | Self::KilledLate => Vault::LandLate(LATE),
            Self::Hanging => Vault::Delay(TOO_LATE),
            Self::Throttled => Vault::Throttle(Some(1)),
            Self::ThrottledSilently => Vault::Throttle(None),
            Self::Stale | Self::StaleForLong => Vault::Stale(1),
            _ => return None,
        })
    }

    /// Plants what happens besides an answer.
    fn plant_acts(self, peer: Peer, nth: usize, world: &World, victim: &Victim, chance: &mut Chance) {
        let acts = match peer {
            Peer::Cloud => world.cloud.acts(),
            Peer::Vault => world.gateway.keeper().acts(),
        };
        let victim = victim.clone();
        match self {
            Self::Refused => acts.refuse(nth),
            Self::KilledBefore | Self::KilledLate => {
                acts.at(nth, Moment::Arrived, move || victim.signal(Signal::KILL));
            }
            Self::KilledDone => acts.at(nth, Moment::Answering, move || victim.signal(Signal::KILL)),
            Self::KilledAnswered => {
                let linger = micros(chance.below(LINGER));
                acts.at(nth, Moment::Answering, move || {
                    std::thread::spawn(move || {
                        std::thread::sleep(linger);
                        victim.signal(Signal::KILL);
                    });
                });
            }
            Self::Terminated => acts.at(nth, Moment::Arrived, move || victim.signal(Signal::TERM)),
            Self::TerminatedTwice => acts.at(nth, Moment::Arrived, move || {
                victim.signal(Signal::TERM);
                // One that follows at once would be taken for the same.
                std::thread::sleep(Duration::from_millis(50));
                victim.signal(Signal::TERM);
            }),
            Self::OtherField => acts.at(nth, Moment::Arrived, rename_record(world)),
            Self::ForeignRotation => acts.at(nth, Moment::Arrived, world.rotation_by_hand()),
            Self::Elsewhere => acts.at(nth, Moment::Arrived, rotation_from_elsewhere(world)),
            _ => {}
        }
    }
}

/// What a hotel's network answers.
const PAGE: &str = "<html><title>Welcome</title></html>";

fn micros(count: usize) -> Duration {
    Duration::from_micros(u64::try_from(count).unwrap())
}

/// Somebody renames the record.
fn rename_record(world: &World) -> impl FnOnce() + Send + 'static {
    const TITLE: &str = "Renamed meanwhile";
    let (vault, uid) = (world.gateway.vault(), world.record.uid.clone());
    let others = world.others.clone();
    move || {
        vault.edit(&uid, |record| record["title"] = TITLE.into());
        others.deeds().title = Some(TITLE);
    }
}

/// Another gateway rotates the record.
fn rotation_from_elsewhere(world: &World) -> impl FnOnce() + Send + 'static {
    let (vault, uid) = (world.gateway.vault(), world.record.uid.clone());
    let (others, launch) = (world.others.clone(), world.exec_from_elsewhere().launch());
    let has_ids = world.id_of(&world.record.json).is_some();
    move || {
        let look = || has_ids.then(|| AppCast::held_in(&vault.record(&uid)).key_id);
        let before = look();
        let run = launch.run();
        let mut deeds = others.deeds();
        deeds.held.extend(before.into_iter().chain(look()));
        deeds.run = Some(run);
    }
}
