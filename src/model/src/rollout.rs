//! Staged deployments: the new revision (green) is brought up whole beside the old one (blue), and traffic goes over in
//! steps, with hooks that may look, wait and turn it back.
//!
//! Source: ECS API reference, `DeploymentConfiguration`, `DeploymentLifecycleHook`, `ServiceDeployment.lifecycleStage`; ECS
//! developer guide, "Amazon ECS blue/green deployments", "linear", "canary".

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::UnixMillis;

/// All of the traffic, in thousandths.
pub const ALL: u32 = 1000;

/// How a service goes from one revision to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase", tag = "type")]
pub enum Strategy {
    /// Task by task.
    #[default]
    Rolling,
    /// All traffic at once.
    BlueGreen,
    /// In equal steps.
    Linear { step_permille: u32, bake_minutes: u32 },
    /// A small share first, then the rest.
    Canary { permille: u32, bake_minutes: u32 },
}

impl Strategy {
    /// The strategy as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rolling => "ROLLING",
            Self::BlueGreen => "BLUE_GREEN",
            Self::Linear { .. } => "LINEAR",
            Self::Canary { .. } => "CANARY",
        }
    }

    /// The share of production traffic that green gets after `now`, in thousandths.
    #[must_use]
    pub fn next_share(self, now: u32) -> u32 {
        match self {
            Self::Rolling | Self::BlueGreen => ALL,
            Self::Linear { step_permille, .. } => now.saturating_add(step_permille.max(1)).min(ALL),
            Self::Canary { permille, .. } if now == 0 => permille.clamp(1, ALL),
            Self::Canary { .. } => ALL,
        }
    }

    /// How long a share that is not all of it stays, in minutes.
    #[must_use]
    pub fn step_bake_minutes(self) -> u32 {
        match self {
            Self::Rolling | Self::BlueGreen => 0,
            Self::Linear { bake_minutes, .. } | Self::Canary { bake_minutes, .. } => bake_minutes,
        }
    }
}

/// The stages of a staged deployment, in their order. For each step of the traffic the three around
/// [`LifecycleStage::ProductionTrafficShift`] come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LifecycleStage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

impl LifecycleStage {
    /// In their order.
    pub const ALL: [Self; 11] = [
        Self::ReconcileService,
        Self::PreScaleUp,
        Self::ScaleUp,
        Self::PostScaleUp,
        Self::TestTrafficShift,
        Self::PostTestTrafficShift,
        Self::PreProductionTrafficShift,
        Self::ProductionTrafficShift,
        Self::PostProductionTrafficShift,
        Self::BakeTime,
        Self::CleanUp,
    ];

    /// The stage as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReconcileService => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Self::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::BakeTime => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }

    /// Whether hooks may be put on it.
    #[must_use]
    pub fn takes_hooks(self) -> bool {
        !matches!(self, Self::ScaleUp | Self::BakeTime | Self::CleanUp)
    }

    /// Whether a deployment may wait there for somebody: not while traffic is on its way.
    #[must_use]
    pub fn takes_pauses(self) -> bool {
        self.takes_hooks() && !matches!(self, Self::TestTrafficShift | Self::ProductionTrafficShift)
    }
}

/// Something that is asked, or waited for, at stages of a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleHook {
    pub target: HookTarget,
    pub stages: Vec<LifecycleStage>,
    /// What is given along with every call.
    pub details: Option<Value>,
    /// Kept and returned as given.
    pub role_arn: Option<String>,
    /// How long an answer is waited for.
    pub timeout_minutes: u32,
    pub on_timeout: HookAction,
}

/// Who answers a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "type", content = "url")]
pub enum HookTarget {
    /// A URL that is posted to, in the place of a Lambda function.
    Webhook(String),
    /// Whoever calls ContinueServiceDeployment.
    Pause,
}

/// What follows from a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HookAction {
    Rollback,
    Continue,
}

impl HookAction {
    /// The action as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollback => "ROLLBACK",
            Self::Continue => "CONTINUE",
        }
    }
}

/// How far a staged deployment got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    pub stage: LifecycleStage,
    pub since: UnixMillis,
    /// How many stages it has entered; part of the ids of its hooks.
    pub entered: u32,
    /// Green's share of the test traffic, in thousandths.
    pub test_permille: u32,
    /// Green's share of the production traffic, in thousandths.
    pub production_permille: u32,
    /// The hooks of the present stage.
    pub hooks: Vec<HookRun>,
}

/// A hook at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HookRun {
    /// Unique in its service.
    pub id: String,
    pub hook: LifecycleHook,
    pub status: HookStatus,
    pub expires_at: UnixMillis,
    /// When its target is asked next; `None` for one that nobody asks.
    pub call_at: Option<UnixMillis>,
    /// What the target wants to be given with the next call, in the place of the hook's own details.
    pub details: Option<Value>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// How a hook stands (ECS API reference, `DeploymentLifecycleHookDetail.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HookStatus {
    AwaitingAction,
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
}

impl HookStatus {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAction => "AWAITING_ACTION",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
        }
    }

    /// Whether the deployment waits for it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::AwaitingAction | Self::InProgress)
    }
}

impl Rollout {
    /// At the first stage, entered `now` with the hooks that it has among `hooks`.
    #[must_use]
    pub fn begin(deployment: &str, stage: LifecycleStage, hooks: &[LifecycleHook], now: UnixMillis) -> Self {
        let mut rollout =
            Self { stage, since: now, entered: 0, test_permille: 0, production_permille: 0, hooks: Vec::new() };
        rollout.enter(deployment, stage, hooks, now);
        rollout
    }

    /// Goes to `stage` and sets off its hooks.
    pub fn enter(&mut self, deployment: &str, stage: LifecycleStage, hooks: &[LifecycleHook], now: UnixMillis) {
        self.stage = stage;
        self.since = now;
        self.entered += 1;
        let own = hooks.iter().filter(|hook| hook.stages.contains(&stage)).enumerate();
        self.hooks = own
            .map(|(number, hook)| HookRun {
                id: format!("{deployment}-{}-{number}", self.entered),
                status: match hook.target {
                    HookTarget::Webhook(_) => HookStatus::InProgress,
                    HookTarget::Pause => HookStatus::AwaitingAction,
                },
                expires_at: now.plus_seconds(i64::from(hook.timeout_minutes) * 60),
                call_at: matches!(hook.target, HookTarget::Webhook(_)).then_some(now),
                details: None,
                reason: None,
                hook: hook.clone(),
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(strategy: Strategy) -> Vec<u32> {
        std::iter::successors(Some(strategy.next_share(0)), |&share| (share < ALL).then(|| strategy.next_share(share)))
            .collect()
    }

    #[test]
    fn traffic_goes_over_in_the_steps_of_its_strategy() {
        assert_eq!(shares(Strategy::BlueGreen), [1000]);
        assert_eq!(shares(Strategy::Linear { step_permille: 300, bake_minutes: 1 }), [300, 600, 900, 1000]);
        assert_eq!(shares(Strategy::Canary { permille: 50, bake_minutes: 1 }), [50, 1000]);
        assert_eq!(shares(Strategy::Canary { permille: 1000, bake_minutes: 1 }), [1000]);
    }

    #[test]
    fn nobody_is_waited_for_while_traffic_is_on_its_way() {
        let without = LifecycleStage::ALL.into_iter().filter(|stage| !stage.takes_pauses());
        let names: Vec<&str> = without.map(LifecycleStage::as_str).collect();
        assert_eq!(names, ["SCALE_UP", "TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"]);
    }
}
