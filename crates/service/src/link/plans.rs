//! Plans of single accounts, where they differ from everybody's.

use usher_accounts::id::PersonId;
use usher_sharing::plan::{Band, Plan, Weight};
use usher_sharing::rate::BitsPerSecond;
use usher_store::link::devices::Sharing;
use usher_store::link::plans;
use usher_store::sessions::Signed;

use super::day;
use crate::profile::ChangeError;
use crate::{Trouble, Usher};

/// What an account may count on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnPlan {
    /// Weight, floors and caps.
    pub plan: Plan,
    /// Bytes a day before others come first; `None`: without end.
    pub quota_bytes: Option<u64>,
}

impl OwnPlan {
    /// The plan in a row; `None` where it has none, or one this version does not understand.
    pub(super) fn of_row(row: &Sharing) -> Option<Self> {
        Self::of_columns(&plans::Plan {
            weight: row.weight?,
            down_floor: row.down_floor?,
            down_cap: row.down_cap,
            up_floor: row.up_floor?,
            up_cap: row.up_cap,
            quota_bytes: row.quota_bytes,
        })
    }

    fn of_columns(columns: &plans::Plan) -> Option<Self> {
        let rate = |bits: i64| BitsPerSecond::new(u64::try_from(bits).ok()?).ok();
        let band = |floor: i64, cap: Option<i64>| {
            let cap = match cap {
                Some(cap) => Some(rate(cap)?),
                None => None,
            };
            Band::new(rate(floor)?, cap).ok()
        };
        Some(Self {
            plan: Plan {
                weight: Weight::new(u16::try_from(columns.weight).ok()?).ok()?,
                down: band(columns.down_floor, columns.down_cap)?,
                up: band(columns.up_floor, columns.up_cap)?,
            },
            quota_bytes: columns.quota_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        })
    }

    fn columns(self) -> plans::Plan {
        let bits = |rate: BitsPerSecond| i64::try_from(rate.get()).unwrap_or(i64::MAX);
        let Plan { weight, down, up } = self.plan;
        plans::Plan {
            weight: i64::try_from(weight.get()).unwrap_or(1),
            down_floor: bits(down.floor()),
            down_cap: down.cap().map(bits),
            up_floor: bits(up.floor()),
            up_cap: up.cap().map(bits),
            quota_bytes: self
                .quota_bytes
                .map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        }
    }
}

impl Usher {
    /// What an account may count on, by its own plan or everybody's; `None` where the link is off.
    pub async fn plan_of(&self, account: PersonId) -> Result<Option<OwnPlan>, Trouble> {
        let Some(link) = &self.link else {
            return Ok(None);
        };
        let own = plans::find(&self.db, account).await?;
        let common = OwnPlan {
            plan: link.policy.plan,
            quota_bytes: link.policy.quota_bytes,
        };
        Ok(Some(own.as_ref().and_then(OwnPlan::of_columns).unwrap_or(common)))
    }

    /// The same, for its owner or an administrator.
    pub async fn view_plan(&self, caller: &Signed, account: PersonId) -> Result<OwnPlan, ChangeError> {
        if caller.person_id != account {
            self.must_be_admin(caller)?;
        }
        self.view(caller, account).await?;
        self.plan_of(account).await?.ok_or(ChangeError::NotFound)
    }

    /// Gives an account a plan of its own, or everybody's again; administrators only.
    pub async fn set_plan(
        &self,
        caller: &Signed,
        account: PersonId,
        plan: Option<OwnPlan>,
    ) -> Result<(), ChangeError> {
        self.must_be_admin(caller)?;
        self.view(caller, account).await?;
        let link = self.link.as_ref().ok_or(ChangeError::NotFound)?;
        let mut tx = self.db.begin().await.map_err(Trouble::from)?;
        let found = match plan {
            Some(plan) => plans::put(&mut tx, account, &plan.columns()).await,
            None => plans::remove(&mut tx, account).await.map(|_| true),
        };
        if !found.map_err(Trouble::from)? {
            return Err(ChangeError::NotFound);
        }
        tx.commit().await.map_err(Trouble::from)?;
        link.bell.notify_one();
        tracing::info!(%account, by = %caller.person_id, "plan of the link changed");
        Ok(())
    }

    /// Bytes an account has used today.
    pub async fn used_today(&self, account: PersonId) -> Result<u64, Trouble> {
        let used = plans::used(&self.db, account, day(self.now())).await?;
        Ok(u64::try_from(used).unwrap_or(0))
    }
}
