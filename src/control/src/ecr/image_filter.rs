//! The filter of ListImages and DescribeImages: by tags and by storage status.

/// Which images a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ImageFilter {
    tagged: bool,
    untagged: bool,
    active: bool,
}

impl ImageFilter {
    /// Reads the filter's members; without `imageStatus` only active images are shown. The values are the constraint
    /// table's.
    pub(super) fn new(tag_status: Option<&str>, image_status: Option<&str>) -> Self {
        Self {
            tagged: tag_status != Some("UNTAGGED"),
            untagged: tag_status != Some("TAGGED"),
            active: matches!(image_status, None | Some("ACTIVE" | "ANY")),
        }
    }

    /// Whether an image with or without tags is shown. Every image is active: none can be archived.
    pub(super) fn shows(self, has_tags: bool) -> bool {
        self.active && if has_tags { self.tagged } else { self.untagged }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_shows_images_by_tag_and_status() {
        for (tag_status, image_status, tagged, untagged) in [
            (None, None, true, true),
            (Some("ANY"), Some("ANY"), true, true),
            (Some("TAGGED"), None, true, false),
            (Some("UNTAGGED"), Some("ACTIVE"), false, true),
            (None, Some("ARCHIVED"), false, false),
            (Some("TAGGED"), Some("ACTIVATING"), false, false),
        ] {
            let filter = ImageFilter::new(tag_status, image_status);
            assert_eq!(
                (filter.shows(true), filter.shows(false)),
                (tagged, untagged),
                "{tag_status:?} {image_status:?}"
            );
        }
    }
}
