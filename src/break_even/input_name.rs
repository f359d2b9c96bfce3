//! Every input of a question by name: in sentences, in JSON and CSV.

use std::fmt;

macro_rules! input_names {
    ($($name:ident $key:literal $label:literal,)+) => {
        /// Every input of a question.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum InputName {
            $($name,)+
        }

        impl InputName {
            /// All of them, in the order in which tables show them.
            pub const ALL: &'static [InputName] = &[$(InputName::$name,)+];

            /// The name in JSON and CSV, with its unit.
            pub const fn key(self) -> &'static str {
                match self {
                    $(InputName::$name => $key,)+
                }
            }

            /// The name in sentences and tables.
            pub const fn label(self) -> &'static str {
                match self {
                    $(InputName::$name => $label,)+
                }
            }
        }
    };
}

input_names! {
    MachinePrice "machine_usd" "machine price",
    SalesTax "sales_tax" "sales tax",
    DownPayment "down_payment" "down payment",
    LoanApr "loan_apr" "loan's APR",
    LoanMonths "loan_months" "loan's months",
    Resale "resale_usd" "resale value",
    ResaleShare "resale" "resale share",
    ValueKept "value_kept_per_year" "value kept a year",
    SellingCost "selling_cost" "selling cost",
    LoadWatts "power_watts" "power under load",
    IdleWatts "idle_watts" "power when idle",
    ElectricityRate "usd_per_kwh" "electricity rate",
    Pue "pue" "PUE",
    Escalation "electricity_escalation" "electricity escalation",
    AdminHours "admin_hours_per_month" "admin hours",
    AdminWage "usd_per_admin_hour" "admin wage",
    Maintenance "maintenance_usd_per_month" "maintenance",
    Colocation "colocation_usd_per_month" "colocation",
    RepairReserve "repair_reserve" "repair reserve",
    OtherMonthlyCost "other_usd_per_month" "other cost of owning",
    UpgradeCost "upgrade_usd" "upgrade",
    UpgradeMonth "upgrade_month" "upgrade's month",
    SpeedRatio "speed_ratio" "speed ratio",
    InstanceRate "instance_usd_per_hour" "instance rate",
    Upfront "upfront_usd" "upfront fee",
    TermMonths "term_months" "commitment's term",
    Overhead "rework_overhead" "rework overhead",
    InterruptionRate "interruptions_per_hour" "interruptions an hour",
    CheckpointTime "checkpoint_hours" "writing a checkpoint",
    CheckpointInterval "checkpoint_every_hours" "work between checkpoints",
    RestartTime "restart_hours" "restart",
    AmiRate "ami_usd_per_hour" "AMI rate",
    AddressRate "address_usd_per_hour" "public IPv4 rate",
    ElasticIpRate "elastic_ip_usd_per_hour" "Elastic IPs",
    StorageCost "storage_usd_per_month" "storage",
    TransferCost "transfer_usd_per_month" "transfer out",
    TransferGb "transfer_out_gb_per_month" "data sent out",
    HoursPerDay "hours_per_day" "hours a day",
    Horizon "horizon" "horizon",
    DiscountRate "discount_per_year" "discount rate",
    MonthLength "month_length" "month length",
}

impl InputName {
    /// Whether it is a part of a whole, which people write in percent.
    pub const fn is_share(self) -> bool {
        matches!(
            self,
            InputName::SalesTax
                | InputName::DownPayment
                | InputName::LoanApr
                | InputName::ResaleShare
                | InputName::ValueKept
                | InputName::SellingCost
                | InputName::Escalation
                | InputName::RepairReserve
                | InputName::DiscountRate
        )
    }
}

impl InputName {
    /// Whether the rework overhead follows from it.
    pub(super) const fn makes_overhead(self) -> bool {
        matches!(
            self,
            InputName::InterruptionRate
                | InputName::CheckpointTime
                | InputName::CheckpointInterval
                | InputName::RestartTime
        )
    }

    /// Whether it counts whole months (a horizon in days: days).
    pub const fn is_whole(self) -> bool {
        matches!(self, InputName::LoanMonths | InputName::UpgradeMonth | InputName::TermMonths | InputName::Horizon)
    }
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}
