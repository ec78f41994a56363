//! A body whose client may not be silent for long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// A body that ends with an error when nothing of it comes for a while.
pub struct Patient {
    body: Body,
    silence: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    was_silent: Arc<AtomicBool>,
}

impl Patient {
    /// `was_silent` becomes true when the client said nothing for `silence`.
    pub fn new(body: Body, silence: Duration, was_silent: Arc<AtomicBool>) -> Self {
        Self { body, silence, waiting: None, was_silent }
    }
}

impl HttpBody for Patient {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.waiting = None;
            return Poll::Ready(frame);
        }
        let silence = this.silence;
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(silence)));
        ready!(waiting.as_mut().poll(context));
        this.was_silent.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
