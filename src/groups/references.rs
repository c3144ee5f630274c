//! Rules of other groups that mention a group, and keep it from being deleted.

use tokio_util::sync::CancellationToken;

use super::{Error, Handle, keeper::Task};
use crate::cloud::Kind;

impl Handle {
    /// Removes the rules of other groups whose other end is this group.
    pub async fn remove_references(&self, stop: &CancellationToken) -> Result<(), Error> {
        let groups = match self.mentioned_by(stop).await {
            Ok(groups) => groups,
            Err(error) if error.kind() == Kind::NotFound => return Ok(()),
            Err(source) => {
                let doing = format!("find the rules that mention security group {}", self.id);
                return Err(Error::Cloud { doing, source });
            }
        };
        for group in groups.into_iter().filter(|group| *group != self.id) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::groups::fake::Fake;

    #[tokio::test(start_paused = true)]
    async fn ok_only_what_mentions_it_goes() {
        let fake = Fake::default();
        let rule = |peer: &str| json!({ "SecurityGroupId": peer, "Action": "ACCEPT" });
        fake.world().group("sg-x").ingress.push(rule("sg-x"));
        fake.world().group("sg-y").egress = vec![rule("sg-z"), rule("sg-x")];
        fake.world().holders = (0, vec!["sg-x".to_owned(), "sg-y".to_owned()]);
        let group = fake.groups().at(&"ap-guangzhou".parse().unwrap(), &"sg-x".parse().unwrap());
        group.remove_references(&CancellationToken::new()).await.unwrap();
        assert_eq!(fake.world().group("sg-y").egress, [rule("sg-z")]);
        assert_eq!(fake.world().group("sg-x").ingress, [rule("sg-x")]);
    }
}
