//! The rules of Amazon EventBridge (API 2015-10-07), one file an operation: tasks that run by a schedule.
//!
//! A rule says when, its targets say what is run on which cluster; [`crate::loops::schedules`] runs them. There is one bus,
//! `default`. Patterns of events, other targets than ECS tasks, and whatever else EventBridge routes are not built.

mod delete_rule;
mod describe_rule;
mod disable_rule;
mod enable_rule;
mod list_rule_names_by_target;
mod list_rules;
mod list_tags_for_resource;
mod list_targets_by_rule;
mod put_rule;
mod put_targets;
pub(crate) mod record;
mod remove_targets;
mod resolve;
mod tag_resource;
mod tags;
pub(crate) mod target;
mod untag_resource;

use crate::operations::Operations;

const EVENTS: &str = "events";

/// Adds the operations of EventBridge.
pub fn register(operations: &mut Operations) {
    operations.add(EVENTS, "DeleteRule", delete_rule::delete_rule);
    operations.add(EVENTS, "DescribeRule", describe_rule::describe_rule);
    operations.add(EVENTS, "DisableRule", disable_rule::disable_rule);
    operations.add(EVENTS, "EnableRule", enable_rule::enable_rule);
    operations.add(EVENTS, "ListRuleNamesByTarget", list_rule_names_by_target::list_rule_names_by_target);
    operations.add(EVENTS, "ListRules", list_rules::list_rules);
    operations.add(EVENTS, "ListTagsForResource", list_tags_for_resource::list_tags_for_resource);
    operations.add(EVENTS, "ListTargetsByRule", list_targets_by_rule::list_targets_by_rule);
    operations.add(EVENTS, "PutRule", put_rule::put_rule);
    operations.add(EVENTS, "PutTargets", put_targets::put_targets);
    operations.add(EVENTS, "RemoveTargets", remove_targets::remove_targets);
    operations.add(EVENTS, "TagResource", tag_resource::tag_resource);
    operations.add(EVENTS, "UntagResource", untag_resource::untag_resource);
}
