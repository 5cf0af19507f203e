//! Scale-in protection: neither scaling in, nor a deployment, nor draining stops a protected task (ECS developer guide,
//! "Task scale-in protection"). Deleting the service does, and so does the loss of its host.

use super::standing::Standing;
use super::{Live, Pass};
use crate::message::Message;

impl Pass<'_> {
    /// Whether scale-in protection keeps a task that would go. An unhealthy one goes all the same: nobody is served by it.
    pub(super) fn is_spared(&self, live: &Live<'_>) -> bool {
        live.standing != Standing::Unhealthy && live.task.is_protected(self.input.now)
    }

    /// Says that protected tasks are more than are wanted, and asks to be called when the first protection ends.
    pub(super) fn heed_protection(&mut self) {
        let live = self.live();
        let spared: Vec<&Live<'_>> = live.iter().filter(|l| self.is_spared(l)).collect();
        for until in spared.iter().filter_map(|l| l.task.protected_until) {
            self.wake(until);
        }
        if u32::try_from(spared.len()).is_ok_and(|spared| spared > self.service.desired_count) {
            let deployment = self.service.primary().map(|primary| primary.id.clone());
            if let Some(deployment) = deployment {
                self.impede("protected", Message::ProtectedTasks { deployment });
            }
        }
    }
}
