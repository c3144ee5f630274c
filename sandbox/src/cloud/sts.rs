//! STS, version 2018-08-13: who is calling.

use serde::Deserialize;
use serde_json::json;

use super::{ACCOUNT, ActionResult, Cx};

/// Runs one action.
pub(super) fn dispatch(action: &str, cx: Cx<'_>) -> ActionResult {
    match action {
        "GetCallerIdentity" => get_caller_identity(cx),
        _ => Err(super::invalid_action(action)),
    }
}

fn get_caller_identity(cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {}

    let Params {} = cx.read()?;
    Ok(json!({
        "Arn": format!("qcs::cam::uin/{ACCOUNT}:uin/{ACCOUNT}"),
        "AccountId": ACCOUNT,
        "UserId": ACCOUNT,
        "PrincipalId": ACCOUNT,
        "Type": "CAMUser",
    }))
}
