//! What happened: immutable facts with their evidence, and the usage derived from them.
//!
//! A fact says what somebody saw or noted; sessions and usage are derived anew each time, so that better
//! evidence replaces worse without editing anything. What is not known is bounded, never guessed.

mod address;
mod change;
mod derive;
mod fact;
mod gone;
mod marks;
mod moment;
mod seen;
mod session;
mod sight;
mod signal;
mod storage;
mod tags;
mod timeline;
mod usage;
mod usage_kind;
mod volume_life;

pub use change::{Change, ResourceChanged, ResourceGone, ResourceKind, ResourcesListed};
pub use derive::{Ledger, Listings, derive, refuse_overlaps};
pub use fact::{Evidence, EvidenceKind, Fact, Meter, Metered, Noted, Purchase, VolumeNote};
pub use moment::{End, StopReason};
pub use seen::UNKNOWN_TYPE;
pub use session::{Overlap, Session, sessions_of};
pub use sight::{AddressSeen, ImageSeen, InstanceSeen, InstanceState, SnapshotSeen, VolumeAttachment, VolumeSeen};
pub use signal::{
    Activity, HOUR_SECONDS, Hour, JupyterSaid, JupyterSeen, Reading, SLOT_SECONDS, SLOTS_PER_HOUR, Series, Signal,
    Signals, hour_from, hour_of, hour_start, series_of,
};
pub use tags::Tags;
pub use usage::{Certainty, Phase, Resource, Stretch, Subject, Usage, VolumeShape};
