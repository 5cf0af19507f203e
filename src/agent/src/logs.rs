//! Shipping what containers write: the `awslogs` driver of ECS, done by the agent.
//!
//! The engine keeps the lines in files of its own, so a container never waits for anybody. For each container one shipper
//! ([`ship`]) follows them, makes events of them ([`assemble`]) and puts them into the stream that the task definition names
//! ([`target`]), one batch after the other, so that the order holds. How far it came is remembered ([`position`]): after a
//! crash lines are sent twice at worst, and left out only when the engine has dropped them meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub mod assemble;
pub mod position;
mod ship;
pub mod sink;
pub mod target;
#[cfg(test)]
pub(crate) mod tests;

use crate::disk_state::DiskState;
use crate::engine::Engine;
use crate::task_machine::Task;
use ship::Shipper;
use sink::{Sink, SinkError};
use target::Target;

/// The shippers of a host.
pub struct Shipping<E> {
    engine: Arc<E>,
    sink: Arc<dyn Sink>,
    disk: DiskState,
    /// The containers that are followed, by the engine's id, and whether they were started again since.
    followed: Mutex<HashMap<String, bool>>,
    ended: Notify,
}

impl<E: Engine> Shipping<E> {
    /// Follows nothing yet.
    #[must_use]
    pub fn new(engine: Arc<E>, sink: Arc<dyn Sink>, disk: DiskState) -> Arc<Self> {
        Arc::new(Self { engine, sink, disk, followed: Mutex::default(), ended: Notify::new() })
    }

    fn followed(&self) -> MutexGuard<'_, HashMap<String, bool>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that the container has a stream to write to, when its lines are shipped.
    ///
    /// # Errors
    /// Why it has none, in the words in which Docker says that a container cannot start. A control plane that does not
    /// answer is none: the stream is made when it does.
    pub async fn prepare(&self, task: &Task, container: usize) -> Result<(), String> {
        let Some(target) = Target::of(task, container) else { return Ok(()) };
        match self.sink.prepare(&target).await {
            Ok(()) | Err(SinkError::Later(_)) => Ok(()),
            Err(SinkError::Missing(reason) | SinkError::Refused(reason)) => Err(format!(
                "Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: \
                 {reason}"
            )),
        }
    }

    /// Ships what a container that was started writes, and what it wrote before.
    pub fn follow(self: &Arc<Self>, task: &Task, container: usize) {
        let (Some(target), Some(id)) = (Target::of(task, container), task.containers[container].docker_id.clone())
        else {
            return;
        };
        // One that is followed already is followed again when it has ended.
        if self.followed().entry(id.clone()).and_modify(|again| *again = true).or_insert(false) == &true {
            return;
        }
        let shipping = Arc::clone(self);
        tokio::spawn(async move {
            let shipper = Shipper::new(&*shipping.engine, &*shipping.sink, &shipping.disk, target, id);
            loop {
                shipper.run().await;
                if shipping.is_done(shipper.container()) {
                    break;
                }
            }
        });
    }

    /// Notes that a container was followed to its end, unless it was started again meanwhile.
    fn is_done(&self, id: &str) -> bool {
        let mut followed = self.followed();
        match followed.get_mut(id) {
            Some(again @ true) => {
                *again = false;
                false
            }
            _ => {
                followed.remove(id);
                self.ended.notify_waiters();
                true
            }
        }
    }

    /// Waits until everything that a container wrote has been shipped.
    pub async fn drained(&self, id: &str) {
        loop {
            let ended = self.ended.notified();
            if !self.followed().contains_key(id) {
                return;
            }
            ended.await;
        }
    }

    /// Forgets how far a container that is gone was shipped.
    pub fn forget(&self, id: &str) {
        if let Err(error) = self.disk.forget_log_position(id) {
            tracing::warn!(container = id, "how far its lines were shipped was not forgotten: {error}");
        }
    }
}
