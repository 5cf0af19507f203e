//! Repositories that a push makes, and layers that a push takes over.

use axum::body::Body;
use gantry_model::image::TagMutability;
use gantry_model::principal::PrincipalKind;
use gantry_model::registry_settings::{CreationTemplate, Occasion, RegistrySettings};
use gantry_model::{Tag, UnixMillis};
use gantry_store::StoreError;
use serde_json::json;

use crate::fixture::{Fixture, basic, digest, name, scope};

async fn set(t: &Fixture, change: impl FnOnce(&mut RegistrySettings) + Send + 'static) {
    let change = |settings: &mut RegistrySettings| {
        change(settings);
        Ok::<_, StoreError>(())
    };
    t.registry.update_registry_settings(&scope(), change).await.unwrap();
}

fn template(prefix: &str, occasion: Occasion) -> CreationTemplate {
    CreationTemplate {
        prefix: prefix.to_owned(),
        description: None,
        encryption_configuration: json!({ "encryptionType": "AES256" }),
        tags: vec![Tag { key: "team".to_owned(), value: "blue".to_owned() }],
        image_tag_mutability: TagMutability::Immutable,
        mutability_exclusion_filters: Vec::new(),
        repository_policy: None,
        lifecycle_policy: Some("{}".to_owned()),
        applied_for: [occasion].into(),
        custom_role_arn: None,
        created_at: UnixMillis(0),
        updated_at: UnixMillis(0),
    }
}

#[tokio::test]
async fn a_push_makes_the_repository_by_the_template_for_it() {
    let t = Fixture::new().await;
    set(&t, |settings| {
        let copies = template("copies", Occasion::Replication);
        let team = template("team", Occasion::CreateOnPush);
        settings.creation_templates = [("copies".to_owned(), copies), ("team".to_owned(), team)].into();
    })
    .await;
    t.push_image("team/new/app", "v1", &[b"l"]).await;
    let made = t.registry.repository(&scope(), &name("team/new/app")).await.unwrap();
    assert_eq!((made.image_tag_mutability, made.created_at), (TagMutability::Immutable, t.now()));
    assert_eq!(made.tags[0].value, "blue");
    assert_eq!(made.lifecycle_policy.unwrap().text, "{}");
    for repo in ["copies/app", "teams/app", "other"] {
        let path = format!("/v2/{repo}/blobs/uploads/");
        let reply = t.send("POST", &path, &[], Body::empty()).await.expect(404);
        assert_eq!(reply.code(), "NAME_UNKNOWN", "{repo}");
    }
    t.head("/v2/team/none/manifests/v1").await.expect(404);
    assert!(t.registry.repository(&scope(), &name("team/none")).await.is_err(), "a pull makes none");
}

#[tokio::test]
async fn who_may_not_create_repositories_makes_none_by_a_push() {
    let t = Fixture::new().await;
    set(&t, |settings| {
        settings.creation_templates = [("ROOT".to_owned(), template("ROOT", Occasion::CreateOnPush))].into();
    })
    .await;
    let agent = basic("AWS", &t.token_for(PrincipalKind::Agent));
    let headers = [("authorization", agent.as_str())];
    t.send_bare("POST", "/v2/new/app/blobs/uploads/", &headers, Body::empty()).await.expect(403);
    assert!(t.registry.repository(&scope(), &name("new/app")).await.is_err());
}

#[tokio::test]
async fn no_layer_is_taken_over_when_the_account_says_so() {
    let t = Fixture::new().await;
    t.push("a1/one", b"l").await;
    let mount = format!("/v2/a1/two/blobs/uploads/?mount={}&from=a1/one", digest(b"l"));
    set(&t, |settings| settings.blob_mounting = false).await;
    t.send("POST", &mount, &[], Body::empty()).await.expect(202);
    set(&t, |settings| settings.blob_mounting = true).await;
    t.send("POST", &mount, &[], Body::empty()).await.expect(201);
}
