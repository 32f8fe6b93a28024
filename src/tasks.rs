//! Tasks that outlive their callers, and blocking work.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn, spawn_blocking};

/// Tasks that run to their end even if their callers are cancelled. The owner waits for them
/// before it drops what they use.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    running: Arc<watch::Sender<usize>>,
}

/// A running task; decrements the count when dropped.
struct Running(Arc<watch::Sender<usize>>);

impl Tasks {
    /// Runs work to its end. A panic in it continues in the caller.
    pub(crate) async fn finish<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let running = Running::new(&self.running);
        join_or_resume_panic(spawn(async move {
            let done = work.await;
            drop(running);
            done
        }))
        .await
    }

    /// Waits until no task runs.
    pub(crate) async fn wait_until_idle(&self) {
        // Cannot fail: the sender is a field of `self`.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }
}

impl Running {
    fn new(running: &Arc<watch::Sender<usize>>) -> Self {
        running.send_modify(|count| *count += 1);
        Self(Arc::clone(running))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Runs blocking work on other threads than those that serve requests. It continues to its end
/// if the future is dropped. A panic in it continues in the caller.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    join_or_resume_panic(spawn_blocking(work)).await
}

async fn join_or_resume_panic<T>(task: JoinHandle<T>) -> T {
    task.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn what_was_begun_is_finished_and_waited_for_though_nobody_asks_any_more() {
        let tasks = Tasks::default();
        let (go_on, released) = oneshot::channel();
        let (done, seen) = oneshot::channel();
        let task = tasks.finish(async move {
            released.await.unwrap();
            done.send(()).unwrap();
        });
        assert!(task.now_or_never().is_none(), "whoever asked is gone");
        assert!(tasks.wait_until_idle().now_or_never().is_none(), "it runs");
        go_on.send(()).unwrap();
        tasks.wait_until_idle().await;
        seen.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_no_task_that_runs() {
        let tasks = Arc::new(Tasks::default());
        let task = Arc::clone(&tasks);
        let asked = spawn(async move { task.finish(async { panic!("on purpose") }).await });
        assert!(asked.await.unwrap_err().is_panic());
        tasks.wait_until_idle().await;
    }
}
