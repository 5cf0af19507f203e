//! Bodies on their way through.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use crate::activity::Activity;
use crate::upstream::Lease;

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the connection broke")]
    Broken(#[from] hyper::Error),
    #[error("nothing came for {} s", .0.as_secs())]
    Idle(Duration),
}

/// What a client is answered with.
pub(crate) enum Answer {
    Own(Full<Bytes>),
    Forwarded(Forwarded),
}

/// What a target sends, and what it keeps busy while it does.
pub(crate) struct Forwarded {
    pub(crate) inner: Incoming,
    pub(crate) activity: Activity,
    pub(crate) idle: Duration,
    pub(crate) sleep: Option<Pin<Box<Sleep>>>,
    pub(crate) lease: Option<Lease>,
}

impl Answer {
    /// A whole body.
    pub(crate) fn own(text: impl Into<Bytes>) -> Self {
        Self::Own(Full::new(text.into()))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Own(full) => Pin::new(full).poll_frame(cx).map_err(|never| match never {}),
            Self::Forwarded(forwarded) => forwarded.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(full) => full.is_end_stream(),
            // Its end must be seen, so that its connection is given back.
            Self::Forwarded(forwarded) => forwarded.lease.is_none() && forwarded.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(full) => full.size_hint(),
            Self::Forwarded(forwarded) => forwarded.inner.size_hint(),
        }
    }
}

impl Forwarded {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.activity.touch();
                self.sleep = None;
                // Whoever waits for no more than the length says must not have to ask again.
                if self.inner.is_end_stream() {
                    self.finish();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.lease = None;
                Poll::Ready(Some(Err(error.into())))
            }
            Poll::Ready(None) => {
                self.finish();
                Poll::Ready(None)
            }
            Poll::Pending => {
                let idle = self.idle;
                let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
                match sleep.as_mut().poll(cx) {
                    Poll::Ready(()) => {
                        self.lease = None;
                        Poll::Ready(Some(Err(BodyError::Idle(idle))))
                    }
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn finish(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }
}

/// What a client sends.
#[derive(Debug)]
pub(crate) struct Upload {
    inner: Option<Incoming>,
    activity: Activity,
}

impl Upload {
    pub(crate) fn new(inner: Incoming, activity: Activity) -> Self {
        Self { inner: Some(inner), activity }
    }

    /// A body of nothing.
    pub(crate) fn none() -> Self {
        Self { inner: None, activity: Activity::default() }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let poll = Pin::new(inner).poll_frame(cx);
        if poll.is_ready() {
            self.activity.touch();
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}
