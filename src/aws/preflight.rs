//! What AWS says of a launch that is planned: offerings, quota, image, security groups. Each is asked apart from the
//! others, so that what is denied leaves the rest.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, Image, IpPermission, LocationType, ProductCodeValues};
use jiff::Timestamp;

use super::{Account, AwsError};
use crate::advice::preflight::{
    Found, GroupsAsked, Image as PlannedImage, ImageAsked, InboundRule, OfferedIn, Quota, QuotaValue, SecurityGroup,
    Told, TypeSpec, Untold, Zone,
};

const OFFERINGS: &str = "ec2:DescribeInstanceTypeOfferings";
const ZONES: &str = "ec2:DescribeAvailabilityZones";
const TYPES: &str = "ec2:DescribeInstanceTypes";
const INSTANCES: &str = "ec2:DescribeInstances";
const IMAGES: &str = "ec2:DescribeImages";
const GROUPS: &str = "ec2:DescribeSecurityGroups";
const QUOTA: &str = "servicequotas:GetServiceQuota";
const DEFAULT_QUOTA: &str = "servicequotas:GetAWSDefaultServiceQuota";

/// What to ask about.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub instance_type: &'a str,
    pub successors: Vec<String>,
    pub quota: Option<Quota>,
    pub image: Option<&'a str>,
    pub groups: &'a [String],
}

/// What AWS told, and each error once.
pub async fn fetch_preflight(account: &Account, wanted: &Wanted<'_>) -> (Found, Vec<AwsError>) {
    let asker = Asker {
        client: Client::new(&account.config),
        account,
        region: account.region().unwrap_or_default().to_owned(),
    };
    let (offerings, zones, running, quota, image, groups) = tokio::join!(
        asker.offerings(wanted),
        asker.zones(),
        asker.running(),
        asker.quota(wanted.quota),
        asker.image(wanted.image),
        asker.groups(wanted.groups),
    );
    let mut names: Vec<String> = running.iter().flatten().cloned().collect();
    names.push(wanted.instance_type.to_owned());
    names.sort_unstable();
    names.dedup();
    let types = match &running {
        // It would fail the same way, and take its time.
        Err(error) if error.is_general() => Err(error.clone()),
        _ => asker.types(names).await,
    };
    let mut errors = Vec::new();
    let found = Found {
        offerings: told(offerings, OFFERINGS, &mut errors),
        zones: told(zones, ZONES, &mut errors),
        types: told(types, TYPES, &mut errors),
        quota: told(quota, QUOTA, &mut errors),
        running: told(running, INSTANCES, &mut errors),
        image: wanted.image.map(|id| ImageAsked { id: id.to_owned(), image: told(image, IMAGES, &mut errors) }),
        groups: (!wanted.groups.is_empty())
            .then(|| GroupsAsked { ids: wanted.groups.to_vec(), groups: told(groups, GROUPS, &mut errors) }),
    };
    (found, errors)
}

/// The answer, or in a few words why there is none; the error itself goes to the others.
fn told<T>(answer: Result<T, AwsError>, action: &str, errors: &mut Vec<AwsError>) -> Told<T> {
    answer.map_err(|error| {
        let (action, why) = match &error {
            AwsError::Denied { action, .. } => (*action, None),
            AwsError::Credentials { .. } => (action, Some("no usable AWS credentials".to_owned())),
            AwsError::Unreachable { .. } => (action, Some("AWS cannot be reached".to_owned())),
            AwsError::RegionDisabled { .. } => (action, Some("the region is not enabled in this account".to_owned())),
            AwsError::Request { why, .. } => (action, Some(why.clone())),
            other => (action, Some(other.to_string())),
        };
        // Credentials or a network that fail all requests are said once.
        let same = |earlier: &AwsError| {
            earlier == &error
                || earlier.is_general() && std::mem::discriminant(earlier) == std::mem::discriminant(&error)
        };
        let untold = Untold { action: action.to_owned(), why };
        if !errors.iter().any(same) {
            errors.push(error);
        }
        untold
    })
}

struct Asker<'a> {
    client: Client,
    account: &'a Account,
    region: String,
}

/// All pages of a request, each item mapped.
macro_rules! pages {
    ($asker:ident, $action:expr, $request:expr, $page:ident => $each:expr) => {{
        let mut pages = $request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let $page = page.map_err(|e| $asker.error($action, e))?;
            found.extend($each);
        }
        Ok(found)
    }};
}

impl Asker<'_> {
    fn error<E>(&self, action: &'static str, error: aws_sdk_ec2::error::SdkError<E>) -> AwsError
    where
        E: std::error::Error + aws_sdk_ec2::error::ProvideErrorMetadata + 'static,
    {
        AwsError::from_sdk(action, &self.region, self.account.profile.as_deref(), error)
    }

    async fn offerings(&self, wanted: &Wanted<'_>) -> Result<Vec<OfferedIn>, AwsError> {
        let mut names = wanted.successors.clone();
        names.push(wanted.instance_type.to_owned());
        let request = self
            .client
            .describe_instance_type_offerings()
            .location_type(LocationType::AvailabilityZone)
            .filters(filter("instance-type", names));
        pages!(self, OFFERINGS, request, page => page.instance_type_offerings().iter().filter_map(|offering| {
            Some(OfferedIn {
                instance_type: offering.instance_type()?.as_str().to_owned(),
                zone: offering.location()?.to_owned(),
            })
        }))
    }

    async fn zones(&self) -> Result<Vec<Zone>, AwsError> {
        let answer = self.client.describe_availability_zones().send().await.map_err(|e| self.error(ZONES, e))?;
        let zone = |zone: &aws_sdk_ec2::types::AvailabilityZone| {
            Some(Zone { name: zone.zone_name()?.to_owned(), id: zone.zone_id()?.to_owned() })
        };
        Ok(answer.availability_zones().iter().filter_map(zone).collect())
    }

    /// A filter, not a list of names: for a name it does not know, AWS refuses the whole list.
    async fn types(&self, names: Vec<String>) -> Result<Vec<TypeSpec>, AwsError> {
        let request = self.client.describe_instance_types().filters(filter("instance-type", names));
        pages!(self, TYPES, request, page => page.instance_types().iter().filter_map(|spec| {
            let vcpus = spec.v_cpu_info().and_then(|vcpu| vcpu.default_v_cpus());
            let architectures = spec.processor_info().map(|processor| processor.supported_architectures());
            Some(TypeSpec {
                name: spec.instance_type()?.as_str().to_owned(),
                vcpus: vcpus.and_then(|vcpus| u32::try_from(vcpus).ok()),
                architectures: architectures.unwrap_or_default().iter().map(|one| one.as_str().to_owned()).collect(),
                free_tier: spec.free_tier_eligible(),
            })
        }))
    }

    /// On-demand ones: spot has a quota of its own, and so have capacity blocks.
    async fn running(&self) -> Result<Vec<String>, AwsError> {
        let request = self
            .client
            .describe_instances()
            .filters(filter("instance-state-name", vec!["pending".to_owned(), "running".to_owned()]));
        pages!(self, INSTANCES, request, page => page
            .reservations()
            .iter()
            .flat_map(|reservation| reservation.instances())
            .filter(|instance| instance.instance_lifecycle().is_none())
            .filter_map(|instance| Some(instance.instance_type()?.as_str().to_owned())))
    }

    /// The account's value; where AWS keeps none for it, the default holds.
    /// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>
    async fn quota(&self, quota: Option<Quota>) -> Result<QuotaValue, AwsError> {
        let incomplete =
            |what: &str| AwsError::Incomplete { action: QUOTA, region: self.region.clone(), what: what.to_owned() };
        let Some(quota) = quota else { return Err(incomplete("a quota to ask for")) };
        let client = aws_sdk_servicequotas::Client::new(&self.account.config);
        let asked = client.get_service_quota().service_code("ec2").quota_code(quota.code).send().await;
        let (value, is_default) = match asked {
            Ok(answer) => (answer.quota().and_then(|quota| quota.value()), false),
            Err(error) if error.as_service_error().is_some_and(|refusal| refusal.is_no_such_resource_exception()) => {
                let asked = client.get_aws_default_service_quota().service_code("ec2").quota_code(quota.code);
                let answer = asked.send().await.map_err(|e| self.error(DEFAULT_QUOTA, e))?;
                (answer.quota().and_then(|quota| quota.value()), true)
            }
            Err(error) => return Err(self.error(QUOTA, error)),
        };
        // Whole vCPUs, which the API gives as a float.
        let vcpus = value.and_then(|value| value.to_string().parse().ok()).ok_or_else(|| incomplete("a Value"))?;
        Ok(QuotaValue { vcpus, is_default })
    }

    async fn image(&self, id: Option<&str>) -> Result<Option<PlannedImage>, AwsError> {
        let Some(id) = id else { return Ok(None) };
        // A filter, because a list of ids that are not there is an error; deprecated images are hidden from filters.
        let request = self
            .client
            .describe_images()
            .include_deprecated(true)
            .include_disabled(true)
            .filters(filter("image-id", vec![id.to_owned()]));
        let answer = request.send().await.map_err(|e| self.error(IMAGES, e))?;
        Ok(answer.images().iter().find(|image| image.image_id() == Some(id)).map(image))
    }

    async fn groups(&self, ids: &[String]) -> Result<Vec<SecurityGroup>, AwsError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let request = self.client.describe_security_groups().filters(filter("group-id", ids.to_vec()));
        pages!(self, GROUPS, request, page => page.security_groups().iter().filter_map(|group| {
            Some(SecurityGroup {
                id: group.group_id()?.to_owned(),
                inbound: group.ip_permissions().iter().map(inbound).collect(),
            })
        }))
    }
}

fn filter(name: &str, values: Vec<String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values)).build()
}

fn image(image: &Image) -> PlannedImage {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let codes = image.product_codes().iter();
    let codes = codes.filter(|code| code.product_code_type() == Some(&ProductCodeValues::Marketplace));
    let mut volumes: Vec<(bool, u32)> = image
        .block_device_mappings()
        .iter()
        .filter_map(|mapping| {
            let size = u32::try_from(mapping.ebs()?.volume_size()?).ok()?;
            Some((mapping.device_name() == image.root_device_name(), size))
        })
        .collect();
    let root_at = volumes.iter().position(|(is_root, _)| *is_root);
    let root_gb = root_at.map(|at| volumes.remove(at).1);
    PlannedImage {
        name: text(image.name()),
        state: text(image.state().map(|state| state.as_str())),
        architecture: text(image.architecture().map(|architecture| architecture.as_str())),
        platform_details: text(image.platform_details()),
        usage_operation: text(image.usage_operation()),
        product_codes: codes.filter_map(|code| code.product_code_id().map(str::to_owned)).collect(),
        deprecated_at: image.deprecation_time().and_then(|at| at.parse::<Timestamp>().ok()),
        root_gb,
        other_volumes_gb: volumes.into_iter().map(|(_, size)| size).collect(),
    }
}

fn inbound(rule: &IpPermission) -> InboundRule {
    let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok());
    let v4 = rule.ip_ranges().iter().filter_map(|range| range.cidr_ip());
    let v6 = rule.ipv6_ranges().iter().filter_map(|range| range.cidr_ipv6());
    let lists = rule.prefix_list_ids().iter().filter_map(|list| list.prefix_list_id());
    InboundRule {
        protocol: rule.ip_protocol().unwrap_or_default().to_owned(),
        ports: port(rule.from_port()).zip(port(rule.to_port())),
        sources: v4.chain(v6).chain(lists).map(str::to_owned).collect(),
    }
}
