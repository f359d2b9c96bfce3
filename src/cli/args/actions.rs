//! `gpucost stop|terminate|snapshot-and-delete|release-address` and `gpucost actions`, as typed.

use clap::Args;

pub const ACTION_HELP: &str = "\
It looks first: what would be called, the dollars, what is lost, and whether AWS
would allow it (AWS's own dry run). Nothing is changed before you type the id of
each resource, or say --yes; without a terminal and without --yes it only looks.
What is protected, managed by others, or not in the planned state is refused.
Each call and its result is in the ledger: gpucost actions. docs/actions.md";

/// What `gpucost advise --apply` agrees to beyond the recommendation itself.
#[derive(Args, Debug, Clone, Default)]
pub struct ApplyConsentArgs {
    /// With --apply: leave the volumes that outlive a terminated instance; they go on billing
    #[arg(long, requires = "apply", conflicts_with = "delete_volumes")]
    pub leave_volumes: bool,
    /// With --apply: delete the volumes that outlive a terminated instance, after it
    #[arg(long, requires = "apply")]
    pub delete_volumes: bool,
    /// With --apply: what is on the instance store of a stopped instance may be lost
    #[arg(long, requires = "apply")]
    pub lose_instance_store: bool,
    /// With --apply: take an address away from what it is associated with first
    #[arg(long, requires = "apply")]
    pub disassociate: bool,
}

/// What all actions take.
#[derive(Args, Debug, Clone, Default)]
pub struct ConsentArgs {
    /// Only look: print the plan, ask nothing, change nothing
    #[arg(long, conflicts_with = "yes")]
    pub plan: bool,
    /// Do it without asking; the ids are those that were typed
    #[arg(long)]
    pub yes: bool,
}

#[derive(Args, Debug)]
pub struct StopArgs {
    /// Instances, i-…
    #[arg(value_name = "ID", required_unless_present = "resume")]
    pub ids: Vec<String>,
    /// Go on with all that was begun and is not finished
    #[arg(long, conflicts_with = "ids")]
    pub resume: bool,
    /// What is on instance store may be lost
    #[arg(long)]
    pub lose_instance_store: bool,
    #[command(flatten)]
    pub consent: ConsentArgs,
}

#[derive(Args, Debug)]
pub struct TerminateArgs {
    /// Instances, i-…
    #[arg(value_name = "ID", required_unless_present = "resume")]
    pub ids: Vec<String>,
    /// Go on with all that was begun and is not finished
    #[arg(long, conflicts_with = "ids")]
    pub resume: bool,
    /// Leave the volumes that outlive it; they go on billing
    #[arg(long, conflicts_with = "delete_volumes")]
    pub leave_volumes: bool,
    /// Delete the volumes that outlive it, after it
    #[arg(long)]
    pub delete_volumes: bool,
    #[command(flatten)]
    pub consent: ConsentArgs,
}

#[derive(Args, Debug)]
pub struct SnapshotAndDeleteArgs {
    /// Volumes, vol-…, or stopped instances, i-…, for all of their volumes
    #[arg(value_name = "ID", required_unless_present = "resume")]
    pub ids: Vec<String>,
    /// Go on with all that was begun and is not finished
    #[arg(long, conflicts_with = "ids")]
    pub resume: bool,
    /// How long to wait for each snapshot, in minutes; what is not complete by then is gone on with later
    #[arg(long, value_name = "MIN", default_value_t = 60)]
    pub wait_minutes: u32,
    #[command(flatten)]
    pub consent: ConsentArgs,
}

#[derive(Args, Debug)]
pub struct ReleaseAddressArgs {
    /// Elastic IPs, eipalloc-… or the address itself
    #[arg(value_name = "ID", required_unless_present = "resume")]
    pub ids: Vec<String>,
    /// Go on with all that was begun and is not finished
    #[arg(long, conflicts_with = "ids")]
    pub resume: bool,
    /// Take it away from what it is associated with first
    #[arg(long)]
    pub disassociate: bool,
    #[command(flatten)]
    pub consent: ConsentArgs,
}

#[derive(Args, Debug)]
pub struct ActionsArgs {
    /// At most so many lines
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}
