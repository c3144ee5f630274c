//! Rules of other groups that reference a group, and keep it from being deleted.

use tokio_util::sync::CancellationToken;

use super::{Error, Handle, actor::Command};
use crate::cloud::ErrorKind;

impl Handle {
    /// Removes the rules of other groups whose peer is this group.
    pub async fn remove_references(&self, cancel: &CancellationToken) -> Result<(), Error> {
        let groups = match self.referenced_by(cancel).await {
            Ok(groups) => groups,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for group in groups.into_iter().filter(|group| *group != self.id) {
            let other = self.groups.at(&self.region, &group);
            let references =
                other.ask(cancel, |reply| Command::References(self.id.clone(), reply)).await?;
            for rule in references {
                other.remove_rule(&rule, cancel).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::groups::fake::Fake;

    #[tokio::test(start_paused = true)]
    async fn only_references_of_other_groups_are_removed() {
        let fake = Fake::default();
        let rule = |peer: &str| json!({ "SecurityGroupId": peer, "Action": "ACCEPT" });
        fake.world().group("sg-x").ingress.push(rule("sg-x"));
        fake.world().group("sg-y").egress = vec![rule("sg-z"), rule("sg-x")];
        fake.world().usage = (0, vec!["sg-x".to_owned(), "sg-y".to_owned()]);
        let group = fake.groups().at(&"ap-guangzhou".parse().unwrap(), &"sg-x".parse().unwrap());
        group.remove_references(&CancellationToken::new()).await.unwrap();
        assert_eq!(fake.world().group("sg-y").egress, [rule("sg-z")]);
        assert_eq!(fake.world().group("sg-x").ingress, [rule("sg-x")]);
    }
}
