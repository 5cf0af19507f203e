//! The filter of ListImages and DescribeImages: by tags and by storage status.

use gantry_model::image::Image;

/// Which images a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ImageFilter {
    tagged: bool,
    untagged: bool,
    active: bool,
    archived: bool,
}

impl ImageFilter {
    /// Reads the filter's members; without `imageStatus` only active images are shown. The values are the constraint
    /// table's. An image leaves the archive at once, so that none is ever `ACTIVATING`.
    pub(super) fn new(tag_status: Option<&str>, image_status: Option<&str>) -> Self {
        Self {
            tagged: tag_status != Some("UNTAGGED"),
            untagged: tag_status != Some("TAGGED"),
            active: matches!(image_status, None | Some("ACTIVE" | "ANY")),
            archived: matches!(image_status, Some("ARCHIVED" | "ANY")),
        }
    }

    /// Whether the image is shown.
    pub(super) fn shows(self, image: &Image) -> bool {
        let by_tags = if image.tags.is_empty() { self.untagged } else { self.tagged };
        by_tags && self.shows_status(image.archived_at.is_some())
    }

    /// Whether what is in the archive, or is not, is shown.
    pub(super) fn shows_status(self, is_archived: bool) -> bool {
        if is_archived { self.archived } else { self.active }
    }
}

#[cfg(test)]
mod tests {
    use gantry_model::{AccountId, Digest, ImageTag, Region, RepositoryName, Scope, UnixMillis};

    use super::*;

    fn image(is_tagged: bool, is_archived: bool) -> Image {
        Image {
            scope: Scope {
                account: AccountId::parse("000000000000").unwrap(),
                region: Region::parse("us-east-1").unwrap(),
            },
            repository: RepositoryName::parse("app").unwrap(),
            digest: Digest::parse(format!("sha256:{}", "a".repeat(64))).unwrap(),
            media_type: String::new(),
            artifact_media_type: None,
            subject: None,
            size_bytes: 0,
            pushed_at: UnixMillis(0),
            last_pulled_at: None,
            archived_at: is_archived.then_some(UnixMillis(1)),
            activated_at: None,
            tags: if is_tagged { vec![ImageTag::parse("v1").unwrap()] } else { Vec::new() },
        }
    }

    #[test]
    fn a_filter_shows_images_by_tag_and_status() {
        let kinds = [(true, false), (false, false), (true, true), (false, true)];
        for (tag_status, image_status, shown) in [
            (None, None, [true, true, false, false]),
            (Some("ANY"), Some("ANY"), [true, true, true, true]),
            (Some("TAGGED"), None, [true, false, false, false]),
            (Some("UNTAGGED"), Some("ACTIVE"), [false, true, false, false]),
            (None, Some("ARCHIVED"), [false, false, true, true]),
            (Some("TAGGED"), Some("ACTIVATING"), [false, false, false, false]),
        ] {
            let filter = ImageFilter::new(tag_status, image_status);
            let found = kinds.map(|(is_tagged, is_archived)| filter.shows(&image(is_tagged, is_archived)));
            assert_eq!(found, shown, "{tag_status:?} {image_status:?}");
        }
    }
}
