//! What the agent remembers: one file a task, and which container instance it is.
//!
//! A file is replaced by renaming, so a killed agent leaves the old state or the new one. It is not forced to the disk:
//! what a power cut takes from here it takes from the engine's containers too, and the control plane sends every task
//! that should run when the agent connects. Environment values stand in these files, so only the owner may read them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::logs::position::Position;
use crate::task_machine::Task;

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be {what}", path.display())]
pub struct DiskError {
    path: PathBuf,
    what: &'static str,
    #[source]
    source: io::Error,
}

/// The agent's folder.
#[derive(Debug, Clone)]
pub struct DiskState {
    root: PathBuf,
}

impl DiskState {
    /// Opens the folder `root`, making it if need be.
    ///
    /// # Errors
    /// [`DiskError`] when it cannot be made.
    pub fn open(root: &Path) -> Result<Self, DiskError> {
        for folder in ["tasks", "logs"].map(|name| root.join(name)) {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed(&folder, "made"))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    /// The tasks as they were last saved. A file that cannot be understood is left out, with a warning: the control plane
    /// sends the task again, and its containers are found by their labels.
    ///
    /// # Errors
    /// [`DiskError`] when the folder cannot be read.
    pub fn load(&self) -> Result<Vec<Task>, DiskError> {
        let folder = self.root.join("tasks");
        let mut tasks = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed(&folder, "listed"))? {
            let path = entry.map_err(failed(&folder, "listed"))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = fs::read(&path).map_err(failed(&path, "read"))?;
            match serde_json::from_slice(&text) {
                Ok(task) => tasks.push(task),
                Err(error) => tracing::warn!(file = %path.display(), %error, "the saved task cannot be understood"),
            }
        }
        tasks.sort_by(|a: &Task, b: &Task| (a.accepted_at, &a.spec.arn).cmp(&(b.accepted_at, &b.spec.arn)));
        Ok(tasks)
    }

    /// Saves a task.
    ///
    /// # Errors
    /// [`DiskError`] when it cannot be written; then the old state is still there.
    pub fn save(&self, task: &Task) -> Result<(), DiskError> {
        let path = self.task_file(&task.spec.arn);
        let text = serde_json::to_vec(task).map_err(|e| failed(&path, "written")(e.into()))?;
        self.replace(&path, &text)
    }

    /// Forgets a task.
    ///
    /// # Errors
    /// [`DiskError`] when its file cannot be removed.
    pub fn forget(&self, arn: &str) -> Result<(), DiskError> {
        remove(&self.task_file(arn))
    }

    /// The container instance that this agent registered as, if it has.
    ///
    /// # Errors
    /// [`DiskError`] when the file is there and cannot be read.
    pub fn instance(&self) -> Result<Option<String>, DiskError> {
        let path = self.instance_file();
        match fs::read_to_string(&path) {
            Ok(arn) => Ok(Some(arn.trim().to_owned()).filter(|arn| !arn.is_empty())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path, "read")(error)),
        }
    }

    /// Remembers, or with `None` forgets, the container instance.
    ///
    /// # Errors
    /// [`DiskError`] when it cannot be written.
    pub fn set_instance(&self, arn: Option<&str>) -> Result<(), DiskError> {
        match arn {
            Some(arn) => self.replace(&self.instance_file(), arn.as_bytes()),
            None => remove(&self.instance_file()),
        }
    }

    /// How far the lines of a container were shipped. Where that is not known they are shipped from the beginning.
    #[must_use]
    pub fn log_position(&self, container: &str) -> Position {
        let path = self.log_file(container);
        let read = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Position::default(),
            read => read.and_then(|text| Ok(serde_json::from_slice(&text)?)),
        };
        read.unwrap_or_else(|error| {
            tracing::warn!(file = %path.display(), %error, "the saved position in a log cannot be read");
            Position::default()
        })
    }

    /// Saves how far the lines of a container were shipped.
    ///
    /// # Errors
    /// [`DiskError`] when it cannot be written.
    pub fn save_log_position(&self, container: &str, position: &Position) -> Result<(), DiskError> {
        let path = self.log_file(container);
        let text = serde_json::to_vec(position).map_err(|e| failed(&path, "written")(e.into()))?;
        self.replace(&path, &text)
    }

    /// Forgets how far the lines of a container were shipped.
    ///
    /// # Errors
    /// [`DiskError`] when the file cannot be removed.
    pub fn forget_log_position(&self, container: &str) -> Result<(), DiskError> {
        remove(&self.log_file(container))
    }

    fn log_file(&self, container: &str) -> PathBuf {
        let safe: String = container.chars().filter(char::is_ascii_alphanumeric).collect();
        self.root.join("logs").join(format!("{safe}.json"))
    }

    fn instance_file(&self) -> PathBuf {
        self.root.join("container-instance")
    }

    fn task_file(&self, arn: &str) -> PathBuf {
        let id = arn.rsplit('/').next().unwrap_or(arn);
        let safe: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        self.root.join("tasks").join(format!("{safe}.json"))
    }

    fn replace(&self, path: &Path, text: &[u8]) -> Result<(), DiskError> {
        let new = path.with_extension("new");
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(text)?;
            fs::rename(&new, path)
        };
        write().map_err(failed(path, "written"))
    }
}

fn remove(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, "removed")(error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, what: &'static str) -> impl Fn(io::Error) -> DiskError {
    move |source| DiskError { path: path.to_owned(), what, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_machine::tests::a_task;

    #[test]
    fn tasks_read_back_as_they_were_saved_until_they_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let state = DiskState::open(folder.path()).unwrap();
        let task = a_task();
        state.save(&task).unwrap();
        assert_eq!(DiskState::open(folder.path()).unwrap().load().unwrap(), std::slice::from_ref(&task));
        state.forget(&task.spec.arn).unwrap();
        state.forget(&task.spec.arn).unwrap();
        assert_eq!(state.load().unwrap(), []);
    }

    #[test]
    fn a_torn_file_does_not_keep_the_others_from_being_read() {
        let folder = tempfile::tempdir().unwrap();
        let state = DiskState::open(folder.path()).unwrap();
        let task = a_task();
        state.save(&task).unwrap();
        fs::write(folder.path().join("tasks/torn.json"), "{\"spec\":").unwrap();
        assert_eq!(state.load().unwrap(), [task]);
    }

    #[test]
    fn the_instance_is_remembered_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let state = DiskState::open(folder.path()).unwrap();
        assert_eq!(state.instance().unwrap(), None);
        state.set_instance(Some("arn:x")).unwrap();
        assert_eq!(state.instance().unwrap().as_deref(), Some("arn:x"));
        state.set_instance(None).unwrap();
        assert_eq!(state.instance().unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn saved_tasks_are_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let state = DiskState::open(&folder.path().join("agent")).unwrap();
        let task = a_task();
        state.save(&task).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
        assert_eq!(mode(&state.task_file(&task.spec.arn)), 0);
        assert_eq!(mode(&folder.path().join("agent/tasks")), 0);
    }
}
