//! Amazon CloudWatch Logs (API 2014-03-28), one file an operation: where the lines of containers go and are read.
//!
//! Lines arrive with PutLogEvents ([`put_log_events`]) and leave through [`reading`], which merges chunks into the order of
//! time. Only what writers and readers of lines need is built; metric filters, subscriptions and Insights are not. Groups and
//! lines append no events: nothing in the control plane acts on them, and whoever follows lines asks for them.

mod create_log_group;
mod create_log_stream;
mod delete_log_group;
mod delete_log_stream;
mod delete_retention_policy;
mod describe_log_groups;
mod describe_log_streams;
mod filter_log_events;
mod get_log_events;
mod list_tags_for_resource;
mod list_tags_log_group;
mod put_log_events;
mod put_log_group_deletion_protection;
mod put_retention_policy;
mod reading;
mod resolve;
mod tag_log_group;
mod tag_resource;
mod tags;
mod untag_log_group;
mod untag_resource;

use crate::operations::Operations;

const LOGS: &str = "logs";

/// Adds the operations of CloudWatch Logs.
pub fn register(operations: &mut Operations) {
    operations.add(LOGS, "CreateLogGroup", create_log_group::create_log_group);
    operations.add(LOGS, "CreateLogStream", create_log_stream::create_log_stream);
    operations.add(LOGS, "DeleteLogGroup", delete_log_group::delete_log_group);
    operations.add(LOGS, "DeleteLogStream", delete_log_stream::delete_log_stream);
    operations.add(LOGS, "DeleteRetentionPolicy", delete_retention_policy::delete_retention_policy);
    operations.add(LOGS, "DescribeLogGroups", describe_log_groups::describe_log_groups);
    operations.add(LOGS, "DescribeLogStreams", describe_log_streams::describe_log_streams);
    operations.add(LOGS, "FilterLogEvents", filter_log_events::filter_log_events);
    operations.add(LOGS, "GetLogEvents", get_log_events::get_log_events);
    operations.add(LOGS, "ListTagsForResource", list_tags_for_resource::list_tags_for_resource);
    operations.add(LOGS, "ListTagsLogGroup", list_tags_log_group::list_tags_log_group);
    operations.add(LOGS, "PutLogEvents", put_log_events::put_log_events);
    operations.add(LOGS, "PutLogGroupDeletionProtection", put_log_group_deletion_protection::put_protection);
    operations.add(LOGS, "PutRetentionPolicy", put_retention_policy::put_retention_policy);
    operations.add(LOGS, "TagLogGroup", tag_log_group::tag_log_group);
    operations.add(LOGS, "TagResource", tag_resource::tag_resource);
    operations.add(LOGS, "UntagLogGroup", untag_log_group::untag_log_group);
    operations.add(LOGS, "UntagResource", untag_resource::untag_resource);
}
