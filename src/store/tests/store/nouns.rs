//! What is put comes back, and each list holds what it says.

use crate::support::{
    TestStore, a_cluster, a_service, a_task, a_task_definition, an_instance, cluster_name, elsewhere, family, here,
    instance_id, put, service_name, task_id,
};
use gantry_model::cluster::ClusterStatus;
use gantry_model::container_instance::InstanceStatus;
use gantry_model::principal::{Principal, PrincipalKind};
use gantry_model::service::{ServiceEvent, ServiceStatus};
use gantry_model::task::{DesiredStatus, TaskStatus};
use gantry_model::task_definition::TaskDefinitionStatus;
use gantry_model::{ClusterName, UnixMillis};
use gantry_store::access_key::AccessKey;
use gantry_store::cluster::ClusterCounts;
use gantry_store::{
    StoreError, access_key, client_token, cluster, container_instance, event, kv, service, session, sign_in_token,
    task, task_definition,
};

#[tokio::test]
async fn clusters_come_back_and_only_active_ones_are_listed() {
    let store = TestStore::new().await;
    let (default, mut gone) = (a_cluster("default"), a_cluster("gone"));
    gone.status = ClusterStatus::Inactive;
    put!(store, cluster, default, gone);
    let conn = &mut store.read().await.unwrap();
    assert_eq!(cluster::get(conn, &here(), &gone.name).await.unwrap(), Some(gone));
    assert_eq!(cluster::get(conn, &elsewhere(), &default.name).await.unwrap(), None);
    assert_eq!(cluster::list(conn, &here()).await.unwrap().as_slice(), std::slice::from_ref(&default));
    assert_eq!(cluster::list(conn, &elsewhere()).await.unwrap(), []);
    assert_eq!(cluster::all(conn).await.unwrap(), [default]);
}

#[tokio::test]
async fn a_cluster_counts_its_tasks_services_and_instances() {
    let store = TestStore::new().await;
    let (mut running, mut stopped, mut stopping, mut foreign) = (a_task(1), a_task(2), a_task(3), a_task(5));
    running.last_status = TaskStatus::Running;
    stopped.last_status = TaskStatus::Stopped;
    stopping.last_status = TaskStatus::Stopping;
    foreign.cluster = cluster_name("other");
    put!(store, task, running, stopped, stopping, a_task(4), foreign);
    let mut inactive = an_instance(2);
    inactive.status = InstanceStatus::Inactive;
    put!(store, container_instance, an_instance(1), inactive);
    let mut draining = a_service("old");
    draining.status = ServiceStatus::Draining;
    store.put_services([a_service("web"), draining]).await;
    let conn = &mut store.read().await.unwrap();
    let counts = cluster::counts(conn, &here(), &cluster_name("default")).await.unwrap();
    let expected = ClusterCounts { running_tasks: 1, pending_tasks: 1, active_services: 1, registered_instances: 1 };
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn container_instances_are_found_by_id_cluster_host_and_fargate() {
    let store = TestStore::new().await;
    let (mut pool, mut inactive, plain) = (an_instance(1), an_instance(2), an_instance(3));
    pool.serves_fargate = true;
    inactive.status = InstanceStatus::Inactive;
    inactive.serves_fargate = true;
    put!(store, container_instance, pool, inactive, plain);
    let conn = &mut store.read().await.unwrap();
    assert_eq!(container_instance::get(conn, &inactive.id).await.unwrap(), Some(inactive.clone()));
    assert_eq!(container_instance::get(conn, &instance_id(9)).await.unwrap(), None);
    let default = cluster_name("default");
    assert_eq!(container_instance::list(conn, &here(), &default).await.unwrap(), [pool.clone(), plain.clone()]);
    assert_eq!(container_instance::list_serving_fargate(conn, &here()).await.unwrap(), [pool.clone()]);
    assert_eq!(container_instance::all(conn).await.unwrap(), [pool, plain.clone()]);
    let find = async |conn, host: &str| {
        container_instance::by_ec2_instance_id(conn, &here(), &cluster_name("default"), host).await.unwrap()
    };
    assert_eq!(find(conn, &plain.ec2_instance_id).await, Some(plain));
    let conn = &mut store.read().await.unwrap();
    assert_eq!(find(conn, &inactive.ec2_instance_id).await, None);
}

#[tokio::test]
async fn task_definitions_are_found_by_revision_and_newest() {
    let store = TestStore::new().await;
    let (one, two, mut three) = (a_task_definition("web", 1), a_task_definition("web", 2), a_task_definition("web", 3));
    three.status = TaskDefinitionStatus::Inactive;
    let mut done = a_task_definition("job", 10);
    done.status = TaskDefinitionStatus::Inactive;
    put!(store, task_definition, one, two, three, done);
    let conn = &mut store.read().await.unwrap();
    assert_eq!(task_definition::get(conn, &here(), &three.id).await.unwrap(), Some(three.clone()));
    assert_eq!(task_definition::latest_active(conn, &here(), &family("web")).await.unwrap(), Some(two.clone()));
    assert_eq!(task_definition::latest_active(conn, &here(), &family("job")).await.unwrap(), None);
    let all = task_definition::list(conn, &here(), None, None).await.unwrap();
    assert_eq!(all, [done.id, one.id.clone(), two.id.clone(), three.id]);
    let web = family("web");
    let active = task_definition::list(conn, &here(), Some(&web), Some(TaskDefinitionStatus::Active)).await.unwrap();
    assert_eq!(active, [one.id, two.id]);
    let families = task_definition::families(conn, &here()).await.unwrap();
    assert_eq!(families, [(family("job"), false), (family("web"), true)]);
}

#[tokio::test]
async fn a_revision_number_is_never_given_twice() {
    let store = TestStore::new().await;
    let mut given = Vec::new();
    for _ in 0..3 {
        let revision = store
            .write(|tx| {
                Box::pin(async move {
                    let revision = task_definition::next_revision(tx, &here(), &family("web")).await?;
                    // Whatever becomes of the definitions, the counter stays.
                    sqlx::query("DELETE FROM task_definition").execute(&mut **tx).await.unwrap();
                    task_definition::put(tx, &a_task_definition("web", revision)).await?;
                    Ok::<_, StoreError>(revision)
                })
            })
            .await
            .unwrap();
        given.push(revision);
    }
    assert_eq!(given, [1, 2, 3]);
    let other = store
        .write(|tx| Box::pin(async move { task_definition::next_revision(tx, &elsewhere(), &family("web")).await }))
        .await;
    assert_eq!(other.unwrap(), 1);
}

#[tokio::test]
async fn services_come_back_with_their_version_raised() {
    let store = TestStore::new().await;
    let mut draining = a_service("old");
    draining.status = ServiceStatus::Draining;
    let mut inactive = a_service("gone");
    inactive.status = ServiceStatus::Inactive;
    let [web, old, gone] = store.put_services([a_service("web"), draining, inactive]).await;
    assert_eq!(web.version, 1);
    let conn = &mut store.read().await.unwrap();
    let default = cluster_name("default");
    assert_eq!(service::get(conn, &here(), &default, &web.name).await.unwrap(), Some(web.clone()));
    let listed = service::list(conn, &here(), &default).await.unwrap();
    assert_eq!(listed, [gone, old.clone(), web.clone()]);
    assert_eq!(service::unfinished(conn).await.unwrap(), [old, web]);
}

#[tokio::test]
async fn a_service_that_somebody_else_wrote_since_is_not_overwritten() {
    let store = TestStore::new().await;
    let [web] = store.put_services([a_service("web")]).await;
    let mut mine = web.clone();
    mine.desired_count = 7;
    let [_] = store.put_services([web]).await;
    let (refused, mine) = store.try_put_service(mine).await;
    assert!(refused.unwrap_err().is_conflict());
    assert_eq!(mine.version, 1, "a refused write leaves the version as it was read");
    let (created_twice, _) = store.try_put_service(a_service("web")).await;
    assert!(created_twice.unwrap_err().is_conflict());
}

#[tokio::test]
async fn a_new_service_takes_the_place_of_an_inactive_namesake_without_its_messages() {
    let store = TestStore::new().await;
    let [mut web] = store.put_services([a_service("web")]).await;
    web.status = ServiceStatus::Inactive;
    let [web] = store.put_services([web]).await;
    store.say(&web, "of the former one").await;
    let [again] = store.put_services([a_service("web")]).await;
    assert_eq!((again.version, again.status), (1, ServiceStatus::Active));
    let conn = &mut store.read().await.unwrap();
    assert_eq!(service::messages(conn, &here(), &web.cluster, &web.name).await.unwrap(), []);
}

#[tokio::test]
async fn a_service_keeps_its_newest_hundred_messages_and_the_log_has_them_all() {
    let store = TestStore::new().await;
    let [web, other] = store.put_services([a_service("web"), a_service("other")]).await;
    store.say(&other, "unrelated").await;
    for number in 0..103 {
        store.say(&web, &format!("message {number}")).await;
    }
    let conn = &mut store.read().await.unwrap();
    let messages: Vec<ServiceEvent> = service::messages(conn, &here(), &web.cluster, &web.name).await.unwrap();
    assert_eq!(messages.len(), 100);
    assert_eq!((messages[0].message.as_str(), messages[99].message.as_str()), ("message 102", "message 3"));
    assert_eq!(service::messages(conn, &here(), &other.cluster, &other.name).await.unwrap().len(), 1);
    assert_eq!(event::after(conn, 0, 1000).await.unwrap().len(), 104);
}

#[tokio::test]
async fn tasks_are_found_by_id_service_instance_and_state() {
    let store = TestStore::new().await;
    let (mut placed, mut stopping, mut stopped, waiting) = (a_task(1), a_task(2), a_task(3), a_task(4));
    placed.instance = Some(instance_id(1));
    placed.service = Some(service_name("web"));
    placed.last_status = TaskStatus::Running;
    stopping.instance = Some(instance_id(1));
    stopping.desired_status = DesiredStatus::Stopped;
    stopped.instance = Some(instance_id(1));
    stopped.service = Some(service_name("web"));
    stopped.desired_status = DesiredStatus::Stopped;
    stopped.last_status = TaskStatus::Stopped;
    stopped.stopped_at = Some(UnixMillis(1000));
    put!(store, task, placed, stopping, stopped, waiting);
    let conn = &mut store.read().await.unwrap();
    assert_eq!(task::get(conn, &here(), &stopped.id).await.unwrap(), Some(stopped.clone()));
    assert_eq!(task::get(conn, &elsewhere(), &stopped.id).await.unwrap(), None);
    let many = task::get_many(conn, &here(), &[task_id(4), task_id(1), task_id(99)]).await.unwrap();
    assert_eq!(many, [placed.clone(), waiting.clone()]);
    let of_web = task::of_service(conn, &here(), &cluster_name("default"), &service_name("web")).await.unwrap();
    assert_eq!(of_web, [placed.clone()]);
    assert_eq!(task::on_instance(conn, &instance_id(1)).await.unwrap(), [placed.clone(), stopping.clone()]);
    assert_eq!(task::unstopped(conn).await.unwrap(), [placed.clone(), stopping, waiting.clone()]);
    assert_eq!(task::holding(conn, &here()).await.unwrap(), [placed]);
    assert_eq!(task::waiting(conn).await.unwrap(), [waiting]);
    assert_eq!(task::stopped_before(conn, UnixMillis(1001)).await.unwrap(), [task_id(3)]);
    assert_eq!(task::stopped_before(conn, UnixMillis(1000)).await.unwrap(), []);
    let counts = task::counts_by_instance(conn, &here()).await.unwrap();
    assert_eq!(counts[&instance_id(1)], task::InstanceCounts { running: 1, pending: 1 });
}

#[tokio::test]
async fn a_deleted_task_is_gone() {
    let store = TestStore::new().await;
    put!(store, task, a_task(1));
    store.write(|tx| Box::pin(async move { task::delete(tx, &task_id(1)).await })).await.unwrap();
    let conn = &mut store.read().await.unwrap();
    assert_eq!(task::get(conn, &here(), &task_id(1)).await.unwrap(), None);
}

#[tokio::test]
async fn a_client_token_is_known_until_it_expires() {
    let store = TestStore::new().await;
    store.set_time(1000);
    let remember = |token: &'static str, expires: i64| {
        store.write(move |tx| {
            Box::pin(async move {
                client_token::put(tx, &here(), "RunTask", token, "hash", "[]", UnixMillis(expires)).await
            })
        })
    };
    remember("a", 2000).await.unwrap();
    let known = |operation: &'static str, token: &'static str| {
        let store = &store;
        async move { client_token::get(&mut store.read().await.unwrap(), &here(), operation, token).await.unwrap() }
    };
    assert_eq!(known("RunTask", "a").await, Some(("hash".to_owned(), "[]".to_owned())));
    assert_eq!(known("CreateService", "a").await, None);
    store.set_time(2000);
    remember("b", 9000).await.unwrap();
    assert_eq!(known("RunTask", "a").await, None);
    assert!(known("RunTask", "b").await.is_some());
}

#[tokio::test]
async fn access_keys_come_back_and_the_administrators_is_found() {
    let store = TestStore::new().await;
    let key = |id: &str, kind, disabled| AccessKey {
        id: id.to_owned(),
        secret: "secret".to_owned(),
        principal: Principal { account: here().account, arn: format!("arn:aws:iam::000000000000:user/{id}"), kind },
        disabled,
    };
    let agent = key("AKIA1", PrincipalKind::Agent, false);
    let disabled = key("AKIA2", PrincipalKind::Admin, true);
    let admin = key("AKIA3", PrincipalKind::Admin, false);
    put!(store, access_key, agent, disabled, admin);
    let conn = &mut store.read().await.unwrap();
    assert_eq!(access_key::get(conn, "AKIA2").await.unwrap(), Some(disabled));
    assert_eq!(access_key::get(conn, "AKIA9").await.unwrap(), None);
    assert_eq!(access_key::admin(conn).await.unwrap(), Some(admin.clone()));
    assert!(!format!("{admin:?}").contains("\"secret\""), "a secret is not shown");
}

#[tokio::test]
async fn a_sign_in_token_is_good_once_and_in_time() {
    let store = TestStore::new().await;
    let redeem = |token: &'static str, now: i64| {
        store.write(move |tx| Box::pin(async move { sign_in_token::redeem(tx, token, UnixMillis(now)).await }))
    };
    store
        .write(|tx| {
            Box::pin(async move {
                sign_in_token::put(tx, "first", UnixMillis(100)).await?;
                sign_in_token::put(tx, "second", UnixMillis(100)).await
            })
        })
        .await
        .unwrap();
    assert!(!redeem("unknown", 1).await.unwrap());
    assert!(redeem("first", 1).await.unwrap());
    assert!(!redeem("first", 1).await.unwrap());
    assert!(!redeem("second", 100).await.unwrap());
}

#[tokio::test]
async fn a_session_lives_until_it_expires_or_is_deleted() {
    let store = TestStore::new().await;
    let load = |id: &'static str, now: i64| {
        let store = &store;
        async move { session::load(&mut store.read().await.unwrap(), id, UnixMillis(now)).await.unwrap() }
    };
    store
        .write(|tx| {
            Box::pin(async move {
                session::save(tx, "a", b"old", UnixMillis(50)).await?;
                session::save(tx, "a", b"data", UnixMillis(100)).await?;
                session::save(tx, "b", b"other", UnixMillis(60)).await
            })
        })
        .await
        .unwrap();
    let expected = session::SessionRow { data: b"data".to_vec(), expires_at: UnixMillis(100) };
    assert_eq!(load("a", 99).await, Some(expected));
    assert_eq!(load("a", 100).await, None);
    let expired =
        store.write(|tx| Box::pin(async move { session::delete_expired(tx, UnixMillis(60)).await })).await.unwrap();
    assert_eq!(expired, 1);
    store.write(|tx| Box::pin(async move { session::delete(tx, "a").await })).await.unwrap();
    assert_eq!(load("a", 0).await, None);
}

#[tokio::test]
async fn a_setting_is_the_last_that_was_put() {
    let store = TestStore::new().await;
    for value in ["one", "two"] {
        store.write(move |tx| Box::pin(async move { kv::put(tx, "registry-key", value).await })).await.unwrap();
    }
    let conn = &mut store.read().await.unwrap();
    assert_eq!(kv::get(conn, "registry-key").await.unwrap().as_deref(), Some("two"));
    assert_eq!(kv::get(conn, "other").await.unwrap(), None);
}

#[tokio::test]
async fn a_reset_leaves_the_account_and_nothing_else() {
    let store = TestStore::new().await;
    let admin = AccessKey {
        id: "AKIA1".to_owned(),
        secret: "secret".to_owned(),
        principal: Principal { account: here().account, arn: "arn".to_owned(), kind: PrincipalKind::Admin },
        disabled: false,
    };
    put!(store, access_key, admin);
    put!(store, task, a_task(1));
    put!(store, cluster, a_cluster("default"));
    let [web] = store.put_services([a_service("web")]).await;
    store.say(&web, "hello").await;
    let seq = store.last_seq();
    store.reset().await.unwrap();
    {
        let conn = &mut store.read().await.unwrap();
        assert_eq!(cluster::get(conn, &here(), &ClusterName::parse("default").unwrap()).await.unwrap(), None);
        assert_eq!(task::unstopped(conn).await.unwrap(), []);
        assert_eq!(service::unfinished(conn).await.unwrap(), []);
        assert_eq!(event::after(conn, 0, 10).await.unwrap(), []);
        assert_eq!(access_key::admin(conn).await.unwrap(), Some(admin));
    }
    let [web] = store.put_services([a_service("web")]).await;
    store.say(&web, "hello again").await;
    assert_eq!(store.last_seq(), seq + 1, "numbers go on, so that a reader's position stays in the past");
}
