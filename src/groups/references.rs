//! Rules of other groups that mention a group, and keep it from being deleted.

use tokio_util::sync::CancellationToken;

use super::{Error, Handle, keeper::Task};

impl Handle {
    /// Removes the rules of other groups whose other end is this group.
    pub async fn remove_references(&self, stop: &CancellationToken) -> Result<(), Error> {
        for group in self.holders(stop).await.groups {
            if group == self.id {
                continue;
            }
            let other = self.groups.at(&self.region, &group);
            let mentioning =
                other.ask(stop, |reply| Task::Mentioning(self.id.clone(), reply)).await?;
            for rule in mentioning {
                other.remove_rule(&rule, stop).await?;
            }
        }
        Ok(())
    }
}
