//! Amazon ECR (API 2015-09-21), one file an operation.
//!
//! The registry's own logic is `gantry-registry`'s: an operation here reads its request ([`resolve`]), calls the registry,
//! and writes the answer ([`view`]); what the registry refuses becomes the error that ECR models for it ([`failures`]).

mod account_settings;
mod batch_check_layer_availability;
mod batch_delete_image;
mod batch_get_image;
mod batch_get_repository_scanning_configuration;
mod complete_layer_upload;
mod create_pull_through_cache_rule;
mod create_repository;
mod create_repository_creation_template;
mod delete_lifecycle_policy;
mod delete_pull_through_cache_rule;
mod delete_registry_policy;
mod delete_repository;
mod delete_repository_creation_template;
mod delete_repository_policy;
mod deregister_pull_time_update_exclusion;
mod describe_image_replication_status;
mod describe_image_scan_findings;
mod describe_images;
mod describe_pull_through_cache_rules;
mod describe_registry;
mod describe_replication_backfill_results;
mod describe_repositories;
mod describe_repository_creation_templates;
mod enhanced_findings;
mod failures;
mod get_account_setting;
mod get_authorization_token;
mod get_download_url_for_layer;
mod get_lifecycle_policy;
mod get_lifecycle_policy_preview;
mod get_registry_policy;
mod get_registry_scanning_configuration;
mod get_repository_policy;
mod image_filter;
mod initiate_layer_upload;
mod lifecycle;
mod list_image_referrers;
mod list_images;
mod list_pull_time_update_exclusions;
mod list_replication_backfills;
mod list_tags_for_resource;
mod pages;
mod policies;
mod pull_through;
mod put_account_setting;
mod put_image;
mod put_image_scanning_configuration;
mod put_image_tag_mutability;
mod put_lifecycle_policy;
mod put_registry_policy;
mod put_registry_scanning_configuration;
mod put_replication_configuration;
mod register_pull_time_update_exclusion;
mod replication;
mod resolve;
mod scanning;
mod set_repository_policy;
mod settings;
mod signing;
mod start_image_scan;
mod start_lifecycle_policy_preview;
mod start_replication_backfill;
mod stop_replication_backfill;
mod tag_resource;
mod tags;
mod templates;
mod untag_resource;
mod update_image_storage_class;
mod update_pull_through_cache_rule;
mod update_repository_creation_template;
mod upload_layer_part;
mod validate_pull_through_cache_rule;
mod view;

use crate::operations::Operations;

/// Adds the operations of ECR.
pub fn register(operations: &mut Operations) {
    operations.add(
        "ecr",
        "BatchCheckLayerAvailability",
        batch_check_layer_availability::batch_check_layer_availability,
    );
    operations.add("ecr", "BatchDeleteImage", batch_delete_image::batch_delete_image);
    operations.add("ecr", "BatchGetImage", batch_get_image::batch_get_image);
    operations.add(
        "ecr",
        "BatchGetRepositoryScanningConfiguration",
        batch_get_repository_scanning_configuration::batch_get_repository_scanning_configuration,
    );
    operations.add("ecr", "CompleteLayerUpload", complete_layer_upload::complete_layer_upload);
    operations.add("ecr", "CreatePullThroughCacheRule", create_pull_through_cache_rule::create_pull_through_cache_rule);
    operations.add("ecr", "CreateRepository", create_repository::create_repository);
    operations.add(
        "ecr",
        "CreateRepositoryCreationTemplate",
        create_repository_creation_template::create_repository_creation_template,
    );
    operations.add("ecr", "DeleteLifecyclePolicy", delete_lifecycle_policy::delete_lifecycle_policy);
    operations.add("ecr", "DeletePullThroughCacheRule", delete_pull_through_cache_rule::delete_pull_through_cache_rule);
    operations.add("ecr", "DeleteRegistryPolicy", delete_registry_policy::delete_registry_policy);
    operations.add("ecr", "DeleteRepository", delete_repository::delete_repository);
    operations.add(
        "ecr",
        "DeleteRepositoryCreationTemplate",
        delete_repository_creation_template::delete_repository_creation_template,
    );
    operations.add("ecr", "DeleteRepositoryPolicy", delete_repository_policy::delete_repository_policy);
    operations.add("ecr", "DeleteSigningConfiguration", signing::delete_signing_configuration);
    operations.add(
        "ecr",
        "DeregisterPullTimeUpdateExclusion",
        deregister_pull_time_update_exclusion::deregister_pull_time_update_exclusion,
    );
    operations.add(
        "ecr",
        "DescribeImageReplicationStatus",
        describe_image_replication_status::describe_image_replication_status,
    );
    operations.add("ecr", "DescribeImageScanFindings", describe_image_scan_findings::describe_image_scan_findings);
    operations.add("ecr", "DescribeImageSigningStatus", signing::describe_image_signing_status);
    operations.add("ecr", "DescribeImages", describe_images::describe_images);
    operations.add(
        "ecr",
        "DescribePullThroughCacheRules",
        describe_pull_through_cache_rules::describe_pull_through_cache_rules,
    );
    operations.add("ecr", "DescribeRegistry", describe_registry::describe_registry);
    operations.add(
        "ecr",
        "DescribeReplicationBackfillResults",
        describe_replication_backfill_results::describe_replication_backfill_results,
    );
    operations.add("ecr", "DescribeRepositories", describe_repositories::describe_repositories);
    operations.add(
        "ecr",
        "DescribeRepositoryCreationTemplates",
        describe_repository_creation_templates::describe_repository_creation_templates,
    );
    operations.add("ecr", "GetAccountSetting", get_account_setting::get_account_setting);
    operations.add("ecr", "GetAuthorizationToken", get_authorization_token::get_authorization_token);
    operations.add("ecr", "GetDownloadUrlForLayer", get_download_url_for_layer::get_download_url_for_layer);
    operations.add("ecr", "GetLifecyclePolicy", get_lifecycle_policy::get_lifecycle_policy);
    operations.add("ecr", "GetLifecyclePolicyPreview", get_lifecycle_policy_preview::get_lifecycle_policy_preview);
    operations.add("ecr", "GetRegistryPolicy", get_registry_policy::get_registry_policy);
    operations.add(
        "ecr",
        "GetRegistryScanningConfiguration",
        get_registry_scanning_configuration::get_registry_scanning_configuration,
    );
    operations.add("ecr", "GetRepositoryPolicy", get_repository_policy::get_repository_policy);
    operations.add("ecr", "GetSigningConfiguration", signing::get_signing_configuration);
    operations.add("ecr", "InitiateLayerUpload", initiate_layer_upload::initiate_layer_upload);
    operations.add("ecr", "ListImageReferrers", list_image_referrers::list_image_referrers);
    operations.add("ecr", "ListImages", list_images::list_images);
    operations.add(
        "ecr",
        "ListPullTimeUpdateExclusions",
        list_pull_time_update_exclusions::list_pull_time_update_exclusions,
    );
    operations.add("ecr", "ListReplicationBackfills", list_replication_backfills::list_replication_backfills);
    operations.add("ecr", "ListTagsForResource", list_tags_for_resource::list_tags_for_resource);
    operations.add("ecr", "PutAccountSetting", put_account_setting::put_account_setting);
    operations.add("ecr", "PutImage", put_image::put_image);
    operations.add(
        "ecr",
        "PutImageScanningConfiguration",
        put_image_scanning_configuration::put_image_scanning_configuration,
    );
    operations.add("ecr", "PutImageTagMutability", put_image_tag_mutability::put_image_tag_mutability);
    operations.add("ecr", "PutLifecyclePolicy", put_lifecycle_policy::put_lifecycle_policy);
    operations.add("ecr", "PutRegistryPolicy", put_registry_policy::put_registry_policy);
    operations.add(
        "ecr",
        "PutRegistryScanningConfiguration",
        put_registry_scanning_configuration::put_registry_scanning_configuration,
    );
    operations.add("ecr", "PutReplicationConfiguration", put_replication_configuration::put_replication_configuration);
    operations.add("ecr", "PutSigningConfiguration", signing::put_signing_configuration);
    operations.add(
        "ecr",
        "RegisterPullTimeUpdateExclusion",
        register_pull_time_update_exclusion::register_pull_time_update_exclusion,
    );
    operations.add("ecr", "SetRepositoryPolicy", set_repository_policy::set_repository_policy);
    operations.add("ecr", "StartImageScan", start_image_scan::start_image_scan);
    operations.add(
        "ecr",
        "StartLifecyclePolicyPreview",
        start_lifecycle_policy_preview::start_lifecycle_policy_preview,
    );
    operations.add("ecr", "StartReplicationBackfill", start_replication_backfill::start_replication_backfill);
    operations.add("ecr", "StopReplicationBackfill", stop_replication_backfill::stop_replication_backfill);
    operations.add("ecr", "TagResource", tag_resource::tag_resource);
    operations.add("ecr", "UntagResource", untag_resource::untag_resource);
    operations.add("ecr", "UpdateImageStorageClass", update_image_storage_class::update_image_storage_class);
    operations.add("ecr", "UpdatePullThroughCacheRule", update_pull_through_cache_rule::update_pull_through_cache_rule);
    operations.add(
        "ecr",
        "UpdateRepositoryCreationTemplate",
        update_repository_creation_template::update_repository_creation_template,
    );
    operations.add("ecr", "UploadLayerPart", upload_layer_part::upload_layer_part);
    operations.add(
        "ecr",
        "ValidatePullThroughCacheRule",
        validate_pull_through_cache_rule::validate_pull_through_cache_rule,
    );
}
