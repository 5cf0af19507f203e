-- What is set for the whole registry of an account in a region.
CREATE TABLE registry_settings (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    -- The model's RegistrySettings, as JSON.
    body TEXT NOT NULL,
    PRIMARY KEY (account, region)
);

-- When an image was put into the archive; NULL while it is served.
ALTER TABLE manifest ADD COLUMN archived_at BIGINT;
-- When it was last taken out of it.
ALTER TABLE manifest ADD COLUMN activated_at BIGINT;
-- When an upstream registry was last asked what the tag names; NULL for tags that were pushed here.
ALTER TABLE image_tag ADD COLUMN checked_at BIGINT;
