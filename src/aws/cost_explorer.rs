//! What Cost Explorer says an account was charged: each request costs $0.01, each page is a request.
//! <https://aws.amazon.com/aws-cost-management/aws-cost-explorer/faqs> (read 2026-11-23)

use aws_sdk_costexplorer::Client;
use aws_sdk_costexplorer::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_costexplorer::operation::get_cost_and_usage::{GetCostAndUsageError, GetCostAndUsageOutput};
use aws_sdk_costexplorer::types::{
    DateInterval, Dimension, DimensionValues, Expression, Granularity, Group, GroupDefinition, GroupDefinitionType,
    ResultByTime,
};
use jiff::civil::Date;

use super::account::home_of;
use super::{Account, AwsError};
use crate::billing::reconcile::AwsCharge;
use crate::money::Usd;
use crate::quantity::parse_decimal;

const ACTION: &str = "ce:GetCostAndUsage";

/// EBS is under `EC2 - Other`, public IPv4 under VPC.
const SERVICES: [&str; 3] = ["Amazon Elastic Compute Cloud - Compute", "EC2 - Other", "Amazon Virtual Private Cloud"];

const UNBLENDED: &str = "UnblendedCost";
const AMORTIZED: &str = "AmortizedCost";
const QUANTITY: &str = "UsageQuantity";

/// What AWS answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    pub charges: Vec<AwsCharge>,
    /// AWS has not closed its books on all of these days.
    pub estimated: bool,
    pub requests: u32,
}

/// Nothing was taken, and so many requests had been answered.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct CostError {
    pub requests: u32,
    pub fault: CostFault,
}

#[derive(Debug, thiserror::Error)]
pub enum CostFault {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error("{ACTION}: Cost Explorer has no data for this account: {why}")]
    NotReady { why: String },
    #[error("{ACTION}: the answer has more pages than the {allowed} that may be asked for")]
    TooManyPages { allowed: u32 },
}

/// The id of the account whose credentials these are: free of charge.
///
/// # Errors
/// No credentials, no way to AWS.
pub async fn account_id(profile: Option<&str>) -> Result<(Account, String), AwsError> {
    let account = Account::resolve(profile, None).await;
    // Cost Explorer is one for all regions: none need be named.
    let account = if account.region().is_none() { account.in_region(home_of("")) } else { account };
    let id = account.identity().await?;
    Ok((account, id))
}

/// The charges of `account_id` for EC2, EBS and public IPv4 from `start` up to, not including, `end`, by day, usage type
/// and record type. At most `allowed` requests are made.
///
/// # Errors
/// Whatever AWS refuses; an answer of more pages than allowed.
pub async fn fetch_costs(
    account: &Account,
    account_id: &str,
    (start, end): (Date, Date),
    allowed: u32,
) -> Result<Costs, CostError> {
    let asked = Asked::new(account, account_id, start, end).map_err(|fault| CostError { requests: 0, fault })?;
    let mut costs = Costs { charges: Vec::new(), estimated: false, requests: 0 };
    let mut page = None;
    loop {
        let fail = |fault: CostFault| CostError { requests: costs.requests, fault };
        if costs.requests >= allowed {
            return Err(fail(CostFault::TooManyPages { allowed }));
        }
        let answer = asked.page(page).await.map_err(fail)?;
        costs.requests += 1;
        for result in answer.results_by_time() {
            costs.estimated |= result.estimated();
            let charges = asked.charges(result).map_err(|e| CostError { requests: costs.requests, fault: e.into() })?;
            costs.charges.extend(charges);
        }
        page = answer.next_page_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if page.is_none() {
            return Ok(costs);
        }
    }
}

struct Asked<'a> {
    client: Client,
    region: &'a str,
    profile: Option<&'a str>,
    days: DateInterval,
    filter: Expression,
    groups: [GroupDefinition; 2],
}

impl<'a> Asked<'a> {
    fn new(account: &'a Account, account_id: &str, start: Date, end: Date) -> Result<Asked<'a>, CostFault> {
        let days = DateInterval::builder().start(start.to_string()).end(end.to_string()).build();
        let days = days.map_err(|e| CostFault::NotReady { why: e.to_string() })?;
        let service = DimensionValues::builder().key(Dimension::Service);
        let service = SERVICES.into_iter().fold(service, |dimension, name| dimension.values(name)).build();
        // A payer account sees those it pays for.
        let owner = DimensionValues::builder().key(Dimension::LinkedAccount).values(account_id).build();
        let [service, owner] = [service, owner].map(|dimension| Expression::builder().dimensions(dimension).build());
        let group = |key: &str| GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(key).build();
        // Each request may be charged: none is repeated behind the back of who counts them.
        let once = aws_config::retry::RetryConfig::disabled();
        let config = aws_sdk_costexplorer::config::Builder::from(&account.config).retry_config(once).build();
        Ok(Asked {
            client: Client::from_conf(config),
            region: account.region().unwrap_or_default(),
            profile: account.profile.as_deref(),
            days,
            filter: Expression::builder().and(service).and(owner).build(),
            groups: ["USAGE_TYPE", "RECORD_TYPE"].map(group),
        })
    }

    async fn page(&self, token: Option<String>) -> Result<GetCostAndUsageOutput, CostFault> {
        let request = self.client.get_cost_and_usage().time_period(self.days.clone()).granularity(Granularity::Daily);
        let request = [UNBLENDED, AMORTIZED, QUANTITY].into_iter().fold(request, |request, name| request.metrics(name));
        let request = self.groups.iter().fold(request, |request, group| request.group_by(group.clone()));
        let answer = request.filter(self.filter.clone()).set_next_page_token(token).send().await;
        answer.map_err(|error| self.fault(error))
    }

    /// An account that never opened Cost Explorer is told that it may not.
    fn fault(&self, error: SdkError<GetCostAndUsageError>) -> CostFault {
        let refusal = error.as_service_error();
        let message = refusal.and_then(ProvideErrorMetadata::message).unwrap_or_default().to_owned();
        let unavailable = refusal.is_some_and(GetCostAndUsageError::is_data_unavailable_exception);
        if unavailable || message.contains("not enabled for cost explorer") {
            return CostFault::NotReady { why: message };
        }
        AwsError::from_sdk(ACTION, self.region, self.profile, error).into()
    }

    fn charges(&self, result: &ResultByTime) -> Result<Vec<AwsCharge>, AwsError> {
        let day = result.time_period().and_then(|period| period.start().parse().ok());
        let day = day.ok_or_else(|| self.lacks("the day of a result".to_owned()))?;
        result.groups().iter().map(|group| self.charge(day, result.estimated(), group)).collect()
    }

    fn charge(&self, day: Date, estimated: bool, group: &Group) -> Result<AwsCharge, AwsError> {
        let [usage_type, record_type] = group.keys() else {
            return Err(self.lacks(format!("the two keys of a group on {day}")));
        };
        // Floats of AWS's come as text: they are read to the last digit.
        let amount = |name: &str| {
            let metric = group.metrics().and_then(|metrics| metrics.get(name));
            let parsed = metric.and_then(|metric| parse_decimal(metric.amount()?).ok());
            parsed.ok_or_else(|| self.lacks(format!("a number for {name} of {usage_type} on {day}")))
        };
        let unit_of = |name: &str| group.metrics().and_then(|metrics| metrics.get(name)?.unit()).unwrap_or_default();
        if unit_of(UNBLENDED) != "USD" {
            return Err(self.lacks(format!("US dollars for {usage_type} on {day}")));
        }
        Ok(AwsCharge {
            day,
            usage_type: usage_type.clone(),
            record_type: record_type.clone(),
            quantity: amount(QUANTITY)?,
            unit: unit_of(QUANTITY).to_owned(),
            unblended: Usd::new(amount(UNBLENDED)?),
            amortized: Usd::new(amount(AMORTIZED)?),
            estimated,
        })
    }

    fn lacks(&self, what: String) -> AwsError {
        AwsError::Incomplete { action: ACTION, region: self.region.to_owned(), what }
    }
}
