//! Certificates of AWS Certificate Manager (API 2015-12-08), one file an operation: those that are imported, for the
//! listeners of load balancers. Nothing is issued here, so nothing is requested, validated or renewed.

mod add_tags_to_certificate;
mod delete_certificate;
mod describe_certificate;
mod get_certificate;
mod import_certificate;
mod list_certificates;
mod list_tags_for_certificate;
mod material;
mod remove_tags_from_certificate;
mod resolve;

use crate::operations::Operations;

const ACM: &str = "acm";

/// Adds the operations of AWS Certificate Manager.
pub fn register(operations: &mut Operations) {
    operations.add(ACM, "AddTagsToCertificate", add_tags_to_certificate::add_tags_to_certificate);
    operations.add(ACM, "DeleteCertificate", delete_certificate::delete_certificate);
    operations.add(ACM, "DescribeCertificate", describe_certificate::describe_certificate);
    operations.add(ACM, "GetCertificate", get_certificate::get_certificate);
    operations.add(ACM, "ImportCertificate", import_certificate::import_certificate);
    operations.add(ACM, "ListCertificates", list_certificates::list_certificates);
    operations.add(ACM, "ListTagsForCertificate", list_tags_for_certificate::list_tags_for_certificate);
    operations.add(ACM, "RemoveTagsFromCertificate", remove_tags_from_certificate::remove_tags_from_certificate);
}
