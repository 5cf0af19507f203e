//! Images in the archive over HTTP.

use gantry_registry::{ImageError, ImageId};

use crate::fixture::{Fixture, digest, name, scope};

#[tokio::test]
async fn an_archived_image_is_not_served_until_it_is_pushed_again() {
    let t = Fixture::new().await;
    let image = t.push_image("a1/one", "v1", &[b"l"]).await;
    let id = ImageId { digest: Some(digest(&image)), tag: None };
    t.registry.set_archived(&scope(), &name("a1/one"), &id, true).await.unwrap();
    for reference in ["v1".to_owned(), digest(&image).to_string()] {
        let path = format!("/v2/a1/one/manifests/{reference}");
        let reply = t.get(&path).await.expect(404);
        assert_eq!(reply.code(), "MANIFEST_UNKNOWN");
        t.head(&path).await.expect(404);
    }
    t.push_image("a1/one", "v1", &[b"l"]).await;
    t.get("/v2/a1/one/manifests/v1").await.expect(200);
    let back = t.registry.image(&scope(), &name("a1/one"), &id).await.unwrap();
    assert_eq!((back.archived_at, back.activated_at), (None, Some(t.now())));
    let unknown = ImageId { digest: Some(digest(b"none")), tag: None };
    let refused = t.registry.set_archived(&scope(), &name("a1/one"), &unknown, true).await.unwrap_err();
    assert!(matches!(refused, ImageError::ImageNotFound { .. }), "{refused}");
}
