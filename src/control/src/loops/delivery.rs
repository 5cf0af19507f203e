//! The delivery loop: posts notifications to those who asked to be told, each in order, until they say that they have them.
//!
//! A notification is signed as [Standard Webhooks](https://www.standardwebhooks.com) says, so that a receiver knows who it
//! is from and, by its id, whether it came before: what was delivered when a crash came is delivered again.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_model::UnixMillis;
use gantry_store::notification::Notification;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::broadcast::error::RecvError;

use crate::context::Control;
use crate::error::{Failure, chain};
use crate::webhooks::Post;

/// Notifications that are read at once.
const BATCH: i64 = 100;
/// How long a receiver that is away is left alone: doubling, from and to.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How often a receiver is looked after though nothing was said to have happened.
const EVERY: Duration = Duration::from_secs(30);
/// Notifications that are kept for a receiver that is away.
const MOST_KEPT: i64 = 100_000;

/// Those to tell, and the key that what they are told is signed with.
#[derive(Debug, Clone)]
pub struct EventWebhooks {
    pub urls: Vec<String>,
    pub key: SigningKey,
}

/// A key of Standard Webhooks. It is not printed.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Reads a key: 24 to 64 bytes in base64, with or without the prefix `whsec_`. `None` when it is not one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
        (24..=64).contains(&key.len()).then_some(Self(key))
    }

    /// The signature of a notification that is sent at `timestamp`, in seconds since the Unix epoch.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let signed = format!("{id}.{timestamp}.{body}");
        // A key of any length is one of HMAC's (RFC 2104, section 2).
        let digest =
            Hmac::<Sha256>::new_from_slice(&self.0).map(|mac| mac.chain_update(signed).finalize().into_bytes());
        format!("v1,{}", digest.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default())
    }
}

/// Runs until it is dropped: tells the receiver at `url` what happens.
pub async fn run(control: Arc<Control>, url: String, key: SigningKey) {
    let mut events = control.store.subscribe();
    let mut pause = FIRST_PAUSE;
    loop {
        match deliver(&control, &url, &key).await {
            Ok(()) => {
                pause = FIRST_PAUSE;
                tokio::select! {
                    event = events.recv() => if matches!(event, Err(RecvError::Closed)) { return },
                    () = tokio::time::sleep(EVERY) => {}
                }
            }
            Err(why) => {
                tracing::warn!(loop_name = "delivery", url, "events wait for a receiver: {why}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Tells every receiver what it was not told yet, and forgets what all of them know. For tests.
///
/// # Errors
/// The first receiver that was away, and why.
pub async fn pass(control: &Arc<Control>, webhooks: &EventWebhooks) -> Result<(), String> {
    for url in &webhooks.urls {
        deliver(control, url, &webhooks.key).await?;
    }
    forget(control, &webhooks.urls).await.map_err(|failure| chain(&failure))
}

async fn deliver(control: &Arc<Control>, url: &str, key: &SigningKey) -> Result<(), String> {
    let words = |failure: Failure| chain(&failure);
    loop {
        let (position, waiting) = unread(control, url).await.map_err(words)?;
        let mut read = position;
        let mut refused = None;
        for notification in &waiting {
            match control.webhooks.post(signed(url, key, notification, control.now())).await {
                Ok(_) => read = notification.id,
                Err(why) => {
                    refused = Some(why);
                    break;
                }
            }
        }
        if read != position {
            keep_position(control, url, read).await.map_err(words)?;
        }
        match refused {
            Some(why) => return Err(why),
            None if waiting.is_empty() => return Ok(()),
            None => {}
        }
    }
}

/// How far a receiver has read, and what comes next. One that is new begins with what happens from now on.
async fn unread(control: &Arc<Control>, url: &str) -> Result<(i64, Vec<Notification>), Failure> {
    let position = match position(control, url).await? {
        Some(position) => position,
        None => enrol(control, url).await?,
    };
    let mut reader = control.store.read().await?;
    Ok((position, gantry_store::notification::after(&mut reader, position, BATCH).await?))
}

async fn position(control: &Control, url: &str) -> Result<Option<i64>, Failure> {
    let mut reader = control.store.read().await?;
    let known = gantry_store::kv::get(&mut reader, &position_of(url)).await?;
    Ok(known.and_then(|text| text.parse().ok()))
}

async fn enrol(control: &Control, url: &str) -> Result<i64, Failure> {
    let name = position_of(url);
    let write = control.store.write(move |tx| {
        Box::pin(async move {
            let newest = gantry_store::notification::newest(tx).await?;
            gantry_store::kv::put(tx, &name, &newest.to_string()).await?;
            Ok::<_, Failure>(newest)
        })
    });
    write.await
}

async fn keep_position(control: &Control, url: &str, read: i64) -> Result<(), Failure> {
    let name = position_of(url);
    let write = control.store.write(move |tx| {
        Box::pin(async move { Ok::<_, Failure>(gantry_store::kv::put(tx, &name, &read.to_string()).await?) })
    });
    write.await
}

fn position_of(url: &str) -> String {
    format!("event-webhook/{url}")
}

/// Forgets what every receiver has, and what there is no more room for.
///
/// # Errors
/// The store's.
pub async fn forget(control: &Arc<Control>, urls: &[String]) -> Result<(), Failure> {
    let mut read_by_all = i64::MAX;
    for url in urls {
        read_by_all = read_by_all.min(position(control, url).await?.unwrap_or(0));
    }
    let write = control.store.write(move |tx| {
        Box::pin(async move { Ok::<_, Failure>(gantry_store::notification::forget(tx, read_by_all, MOST_KEPT).await?) })
    });
    write.await
}

fn signed(url: &str, key: &SigningKey, notification: &Notification, now: UnixMillis) -> Post {
    let id = notification.body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let body = notification.body.to_string();
    let seconds = now.0.div_euclid(1000);
    let signature = key.sign(&id, seconds, &body);
    let headers =
        vec![("webhook-id", id), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signature)];
    Post { url: url.to_owned(), headers, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, "Verifying signatures".
    #[test]
    fn a_notification_is_signed_as_standard_webhooks_says() {
        let key = SigningKey::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_key_is_24_to_64_bytes_in_base64_and_is_not_printed() {
        for (text, is_key) in [
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true),
            ("whsec_MfKQ9r8GKYqr", false),
            ("whsec_not base64", false),
            ("", false),
        ] {
            assert_eq!(SigningKey::read(text).is_some(), is_key, "{text}");
        }
        let key = SigningKey::read("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }
}
