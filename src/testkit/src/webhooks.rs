//! Other people's servers, as a test wants them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use gantry_control::webhooks::{Post, Webhooks};
use serde_json::Value;

/// Answers what it was told to, in turn, and remembers what it was asked.
#[derive(Default)]
pub struct ScriptedWebhooks {
    answers: Mutex<VecDeque<Result<Value, String>>>,
    asked: Mutex<Vec<Post>>,
}

impl ScriptedWebhooks {
    /// Answers the next call that has no answer yet.
    pub fn answer(&self, answer: Result<Value, String>) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back(answer);
    }

    /// Forgets the answers that nobody asked for.
    pub fn forget_answers(&self) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What was posted since this was last asked, and to whom.
    pub fn asked(&self) -> Vec<(String, Value)> {
        let read = |post: Post| (post.url, serde_json::from_str(&post.body).unwrap_or_default());
        self.posts().into_iter().map(read).collect()
    }

    /// As [`ScriptedWebhooks::asked`], with headers, as it was sent.
    pub fn posts(&self) -> Vec<Post> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Webhooks for ScriptedWebhooks {
    fn post(&self, post: Post) -> BoxFuture<'static, Result<Vec<u8>, String>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(post);
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let answer = answer.unwrap_or_else(|| Err("nobody answers".to_owned())).map(|a| a.to_string().into_bytes());
        async move { answer }.boxed()
    }
}
