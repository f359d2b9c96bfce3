//! What an action would do, and what it refuses: from what AWS says is there, without asking anybody.

use std::collections::BTreeSet;

use gpucost::advice::plan::{
    AddressUser, Attachment, Consent, LiveAddress, LiveInstance, LiveVolume, Plan, Refusal, Rest, SpotRequest, Step,
    Verb, plan_release, plan_rest_of_termination, plan_snapshot_and_delete, plan_stop, plan_terminate,
};
use gpucost::catalog::RateCard;
use gpucost::ledger::{InstanceState, Purchase, Tags, VolumeShape};
use jiff::Timestamp;

const NONE: Consent =
    Consent { leave_volumes: false, delete_volumes: false, lose_instance_store: false, disassociate: false };
const LEAVE: Consent = Consent { leave_volumes: true, ..NONE };
const DELETE: Consent = Consent { delete_volumes: true, ..NONE };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn attached(to: &str, deleted_with_instance: bool) -> Attachment {
    let attached_at = Some(at("2026-10-01T08:00:00Z"));
    Attachment { to: to.to_owned(), device: "/dev/sdf".to_owned(), attached_at, deleted_with_instance }
}

/// 100 GB of gp2, $10.00 a month in us-west-2.
fn volume(id: &str, attachments: &[Attachment]) -> LiveVolume {
    LiveVolume {
        id: id.to_owned(),
        name: String::new(),
        region: "us-west-2".to_owned(),
        tags: Tags::new(),
        shape: VolumeShape { volume_type: "gp2".into(), size_gb: 100, iops: None, throughput_mibps: None },
        state: if attachments.is_empty() { "available" } else { "in-use" }.to_owned(),
        attachments: attachments.to_vec(),
    }
}

/// A p3.2xlarge ($3.06 an hour, $2,233.80 in 730) with a root volume that goes with it.
fn instance(state: InstanceState) -> LiveInstance {
    LiveInstance {
        id: "i-1".to_owned(),
        name: "trainer".to_owned(),
        region: "us-west-2".to_owned(),
        tags: Tags::new(),
        instance_type: "p3.2xlarge".to_owned(),
        state,
        launched_at: at("2026-10-01T08:00:00Z"),
        purchase: Purchase::OnDemand,
        spot_request: None,
        is_linux: true,
        root_device: "/dev/sda1".to_owned(),
        termination_protected: false,
        stop_protected: false,
        auto_address: false,
        elastic_addresses: 0,
        volumes: vec![volume("vol-root", &[attached("i-1", true)])],
    }
}

fn spot(request: Option<(bool, bool)>) -> LiveInstance {
    let spot_request =
        request.map(|(is_persistent, is_over)| SpotRequest { id: "sir-7".to_owned(), is_persistent, is_over });
    LiveInstance { purchase: Purchase::Spot, spot_request, ..instance(InstanceState::Running) }
}

fn stop(instance: &LiveInstance, consent: Consent) -> Result<Plan, Refusal> {
    plan_stop(instance, consent, RateCard::shipped())
}

fn terminate(instance: &LiveInstance, consent: Consent) -> Result<Plan, Refusal> {
    plan_terminate(instance, consent, RateCard::shipped())
}

#[track_caller]
fn refused(result: Result<Plan, Refusal>, why: &str, instead: &str) {
    let refusal = result.expect_err(why);
    assert!(refusal.to_string().contains(why), "`{why}` is not in: {refusal}");
    assert!(refusal.instead.contains(instead), "`{instead}` is not in: {}", refusal.instead);
}

#[test]
fn a_stop_saves_what_ends_with_it_and_says_what_goes_on() {
    let plan = stop(&instance(InstanceState::Running), NONE).unwrap();
    assert_eq!(plan.saving_per_month.to_string(), "$2,233.80");
    assert_eq!(plan.goes_on.to_string(), "$10.00");
    assert_eq!(plan.steps, [Step::StopInstance { id: "i-1".to_owned() }]);
    assert_eq!(plan.lost, "what is in memory");
    let addressed = LiveInstance { auto_address: true, elastic_addresses: 1, ..instance(InstanceState::Running) };
    let plan = stop(&addressed, NONE).unwrap();
    // An address is $0.005 an hour, $3.65 in 730: the automatic one ends, the elastic one goes on.
    assert_eq!((plan.saving_per_month.to_string(), plan.goes_on.to_string()), ("$2,237.45".into(), "$13.65".into()));
    assert_eq!(plan.lost, "what is in memory; its automatic public address");
}

#[test]
fn what_is_not_running_is_not_stopped() {
    for state in [InstanceState::Stopped, InstanceState::Stopping, InstanceState::Terminated] {
        refused(stop(&instance(state), NONE), &format!("it is not running: AWS says {}", state.name()), "track");
    }
}

#[test]
fn protections_are_heeded_each_by_its_own_action() {
    let both = LiveInstance { stop_protected: true, ..instance(InstanceState::Running) };
    refused(stop(&both, NONE), "stop protection is on (DisableApiStop)", "take the protection away");
    assert!(terminate(&both, NONE).is_ok());
    let both = LiveInstance { termination_protected: true, ..instance(InstanceState::Running) };
    refused(terminate(&both, NONE), "termination protection is on", "take the protection away");
    assert!(stop(&both, NONE).is_ok());
}

#[test]
fn members_of_groups_are_left_to_their_group() {
    for (tag, manager) in [
        ("aws:autoscaling:groupName", "an Auto Scaling group"),
        ("aws:ec2spot:fleet-request-id", "a Spot Fleet"),
        ("aws:ec2:fleet-id", "an EC2 Fleet"),
        ("eks:cluster-name", "an EKS cluster"),
        ("kubernetes.io/cluster/lab", "a Kubernetes cluster"),
    ] {
        let member = |state| LiveInstance { tags: tags(&[(tag, "lab")]), ..instance(state) };
        let running = member(InstanceState::Running);
        refused(stop(&running, NONE), manager, "group's size");
        refused(terminate(&running, LEAVE), manager, "group's size");
        let held = volume("vol-2", &[attached("i-1", false)]);
        let copied = plan_snapshot_and_delete(&held, Some(&member(InstanceState::Stopped)), RateCard::shipped());
        refused(copied, manager, "group's size");
    }
    // A tag that only looks like one of theirs is nobody's.
    let own = LiveInstance { tags: tags(&[("autoscaling:groupName", "x")]), ..instance(InstanceState::Running) };
    assert!(stop(&own, NONE).is_ok());
}

#[test]
fn a_spot_instance_that_would_come_back_is_not_terminated() {
    let standing = spot(Some((true, false)));
    let cancel = "aws ec2 cancel-spot-instance-requests --region us-west-2 --spot-instance-request-ids sir-7";
    refused(terminate(&standing, NONE), "its persistent spot request sir-7 would launch another", cancel);
    assert!(stop(&standing, NONE).is_ok(), "it can be stopped, and started again");
    // Canceling terminates one that is stopped.
    let stopped = LiveInstance { state: InstanceState::Stopped, ..spot(Some((true, false))) };
    refused(
        terminate(&stopped, NONE),
        "would launch another",
        "cancel that instead, which terminates a stopped instance",
    );
    // Once that is canceled it ends for good, and cannot be stopped any more.
    let canceled = spot(Some((true, true)));
    assert!(terminate(&canceled, NONE).is_ok());
    refused(stop(&canceled, NONE), "sir-7 is over", "gpucost terminate");
    let once = spot(Some((false, false)));
    assert!(terminate(&once, NONE).is_ok());
    refused(stop(&once, NONE), "one-time spot instance", "gpucost terminate");
    // What AWS does not tell is no permission.
    refused(terminate(&spot(None), NONE), "is not known", "describe-spot-instance-requests");
    refused(stop(&spot(None), NONE), "does not name the request", "gpucost terminate");
}

#[test]
fn a_termination_says_what_is_lost() {
    let running = LiveInstance { auto_address: true, ..instance(InstanceState::Running) };
    let plan = terminate(&running, NONE).unwrap();
    assert_eq!(plan.lost, "the instance; what is in memory; its automatic public address; the data of vol-root");
    // $2,233.80, $3.65 for the address, $10.00 for the volume.
    assert_eq!(plan.saving_per_month.to_string(), "$2,247.45");
    let stored = LiveInstance { instance_type: "g4dn.xlarge".to_owned(), ..instance(InstanceState::Running) };
    let plan = terminate(&stored, NONE).unwrap();
    assert!(plan.lost.contains("what is in memory and on its instance store (1 x 125"), "{}", plan.lost);
    let unheard_of = LiveInstance { instance_type: "zz9.large".to_owned(), ..instance(InstanceState::Running) };
    assert!(terminate(&unheard_of, NONE).unwrap().lost.contains("whether it has one is not known"));
    // A stop lost that already.
    let plan = terminate(&instance(InstanceState::Stopped), NONE).unwrap();
    assert_eq!(plan.lost, "the instance; the data of vol-root");
    assert_eq!(plan.saving_per_month.to_string(), "$10.00");
}

#[test]
fn volumes_that_outlive_an_instance_are_spoken_of() {
    let mut with_data = instance(InstanceState::Stopped);
    with_data.volumes.push(volume("vol-data", &[attached("i-1", false)]));
    refused(terminate(&with_data, NONE), "vol-data would survive it and go on billing", "--leave-volumes");
    let plan = terminate(&with_data, LEAVE).unwrap();
    assert_eq!((plan.steps.len(), plan.goes_on.to_string()), (1, "$10.00".to_owned()));
    assert_eq!(plan.survive.len(), 1);
    let plan = terminate(&with_data, DELETE).unwrap();
    let words: Vec<String> = plan.steps.iter().map(Step::words).collect();
    assert_eq!(words, ["terminate i-1", "wait until i-1 is terminated", "delete vol-data"]);
    assert_eq!((plan.saving_per_month.to_string(), plan.goes_on.to_string()), ("$20.00".into(), "$0.00".into()));
    // One that others hold too stays, whatever its flag says, and cannot be deleted.
    let shared = volume("vol-data", &[attached("i-1", true), attached("i-2", true)]);
    *with_data.volumes.last_mut().unwrap() = shared;
    refused(terminate(&with_data, NONE), "vol-data would survive it", "--leave-volumes");
    refused(terminate(&with_data, DELETE), "vol-data is attached to i-2", "--leave-volumes");
    with_data.volumes[1].tags = tags(&[("gpucost:protect", "")]);
    refused(terminate(&with_data, LEAVE), "its volume vol-data has the tag gpucost:protect", "who protected it");
}

#[test]
fn what_is_left_of_a_termination_is_its_volumes() {
    let steps = [Step::WaitTerminated { id: "i-1".into() }, Step::DeleteVolume { volume_id: "vol-data".into() }];
    let rest = |volumes: &[LiveVolume]| {
        let rest = Rest { token: "t-1", id: "i-1", region: "us-west-2", steps: &steps, volumes };
        plan_rest_of_termination(&rest, RateCard::shipped())
    };
    let plan = rest(&[volume("vol-data", &[])]).unwrap();
    assert_eq!((plan.verb, plan.resumes.as_deref()), (Verb::Terminate, Some("t-1")));
    assert_eq!(plan.steps, steps);
    assert_eq!((plan.saving_per_month.to_string(), plan.lost.as_str()), ("$10.00".into(), "the data of vol-data"));
    assert!(rest(&[volume("vol-data", &[attached("i-1", false)])]).is_ok(), "it still comes off its instance");
    refused(rest(&[volume("vol-data", &[attached("i-2", false)])]), "vol-data is attached to i-2", "--leave-volumes");
    let protected = LiveVolume { tags: tags(&[("gpucost:protect", "")]), ..volume("vol-data", &[]) };
    refused(rest(&[protected]), "has the tag gpucost:protect", "who protected it");
}

#[test]
fn a_volume_is_taken_off_one_stopped_instance_or_none() {
    let card = RateCard::shipped();
    let plan = plan_snapshot_and_delete(&volume("vol-1", &[]), None, card).unwrap();
    let words: Vec<String> = plan.steps.iter().map(Step::words).collect();
    assert_eq!(words, ["snapshot vol-1, wait until it is complete", "delete vol-1"]);
    // A snapshot holds at most the volume, at $0.05 a GB-month, and at least nothing.
    assert_eq!((plan.saving_per_month.most(), plan.saving_per_month.least()), (Some(usd("10")), Some(usd("5"))));
    let held = volume("vol-1", &[attached("i-1", false)]);
    let plan = plan_snapshot_and_delete(&held, Some(&instance(InstanceState::Stopped)), card).unwrap();
    assert_eq!(plan.steps[1].words(), "detach vol-1 from i-1");
    assert!(plan.state.ends_with("stopped, started 2026-10-01T08:00:00Z"), "{}", plan.state);
    let running = instance(InstanceState::Running);
    refused(plan_snapshot_and_delete(&held, Some(&running), card), "attached to i-1, which is running", "gpucost stop");
    refused(plan_snapshot_and_delete(&held, None, card), "i-1, which cannot be looked at", "ec2:DescribeInstances");
    // The first of several says nothing of the others.
    let shared = volume("vol-1", &[attached("i-1", false), attached("i-2", false)]);
    let stopped = instance(InstanceState::Stopped);
    refused(
        plan_snapshot_and_delete(&shared, Some(&stopped), card),
        "attached to i-1 and i-2 at once",
        "detach-volume",
    );
    let task = volume("vol-1", &[attached("arn:aws:ecs:us-west-2:1:task/x", false)]);
    refused(plan_snapshot_and_delete(&task, None, card), "arn:aws:ecs", "DescribeInstances");
    let protected = LiveInstance { tags: tags(&[("gpucost:protect", "")]), ..instance(InstanceState::Stopped) };
    refused(
        plan_snapshot_and_delete(&held, Some(&protected), card),
        "i-1, which uses it, has the tag",
        "who protected",
    );
}

fn usd(text: &str) -> gpucost::money::Usd {
    text.parse().unwrap()
}

#[test]
fn an_address_is_taken_only_from_who_may_lose_it() {
    let card = RateCard::shipped();
    let in_use = |instance_id: Option<&str>| LiveAddress {
        id: "eipalloc-1".to_owned(),
        name: String::new(),
        region: "us-west-2".to_owned(),
        tags: Tags::new(),
        public_ip: "198.51.100.7".to_owned(),
        association_id: Some("eipassoc-1".to_owned()),
        instance_id: instance_id.map(str::to_owned),
        interface_id: Some("eni-1".to_owned()),
    };
    let user = |tags: Tags| AddressUser { tags, made_by_aws: None };
    let take = Consent { disassociate: true, ..NONE };
    refused(plan_release(&in_use(Some("i-1")), None, NONE, card), "associated with i-1", "--disassociate");
    let plan = plan_release(&in_use(Some("i-1")), Some(&user(Tags::new())), take, card).unwrap();
    let words: Vec<String> = plan.steps.iter().map(Step::words).collect();
    assert_eq!(words, ["disassociate eipassoc-1", "release eipalloc-1"]);
    let protected = user(tags(&[("gpucost:protect", "yes")]));
    let refusal = plan_release(&in_use(Some("i-1")), Some(&protected), take, card);
    refused(refusal, "i-1, which uses it, has the tag gpucost:protect", "who protected it");
    let member = user(tags(&[("aws:autoscaling:groupName", "g")]));
    refused(
        plan_release(&in_use(Some("i-1")), Some(&member), take, card),
        "i-1: it belongs to an Auto",
        "group's size",
    );
    refused(
        plan_release(&in_use(Some("i-1")), None, take, card),
        "i-1, which cannot be looked at",
        "DescribeInstances",
    );
    // A network interface of no instance is looked at as well.
    refused(plan_release(&in_use(None), None, NONE, card), "associated with eni-1", "--disassociate");
    let plan = plan_release(&in_use(None), Some(&user(Tags::new())), take, card).unwrap();
    assert_eq!(
        (plan.lost.as_str(), plan.state.as_str()),
        ("the address for good: 198.51.100.7", "eipassoc-1, on eni-1")
    );
    let refusal = plan_release(&in_use(None), Some(&protected), take, card);
    refused(refusal, "eni-1, which uses it, has the tag gpucost:protect", "who protected it");
    refused(plan_release(&in_use(None), None, take, card), "eni-1, which cannot be looked at", "NetworkInterfaces");
    let gateway = Some("Interface for NAT Gateway nat-1".to_owned());
    let gateway = AddressUser { tags: Tags::new(), made_by_aws: gateway };
    let refusal = plan_release(&in_use(None), Some(&gateway), take, card);
    refused(
        refusal,
        "a service of AWS made and needs (Interface for NAT Gateway nat-1)",
        "delete what it was made for",
    );
}

#[test]
fn steps_are_read_back_as_they_were_written() {
    let id = || "x-1".to_owned();
    let all = [
        Step::StopInstance { id: id() },
        Step::TerminateInstance { id: id() },
        Step::WaitTerminated { id: id() },
        Step::CreateSnapshot { volume_id: id(), size_gb: 75 },
        Step::DetachVolume { volume_id: id(), instance_id: id() },
        Step::DeleteVolume { volume_id: id() },
        Step::DisassociateAddress { association_id: id() },
        Step::ReleaseAddress { allocation_id: id() },
    ];
    let text = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Step>>(&text).unwrap(), all);
    // The record tells them apart by their words.
    assert_eq!(all.iter().map(Step::words).collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn an_address_that_a_termination_leaves_is_named() {
    let addressed = LiveInstance { elastic_addresses: 1, ..instance(InstanceState::Stopped) };
    let plan = terminate(&addressed, NONE).unwrap();
    assert_eq!((plan.survive, plan.goes_on.to_string()), (vec!["1 Elastic IP address".to_owned()], "$3.65".to_owned()));
}
