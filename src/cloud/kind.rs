//! What an error code means for us. Retry and not-found read only this.

/// The few classes that all codes fall into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The object does not exist.
    NotFound,
    /// The object exists but is occupied or in transition.
    Busy,
    /// Too many requests; nothing was done.
    Throttled,
    /// Credentials or permissions do not suffice.
    Denied,
    /// A quota is used up.
    Quota,
    /// The wish collides with something that is already there.
    Conflict,
    /// The request was made for a version that has been overtaken; nothing was done.
    Stale,
    /// The request itself is wrong.
    Invalid,
    /// The service had a problem that may pass; whether it did the work is open.
    Transient,
    /// Anything else.
    Unknown,
}

impl Kind {
    /// Every kind, so that a table of advice can be checked for gaps.
    pub const ALL: [Self; 10] = [
        Self::NotFound,
        Self::Busy,
        Self::Throttled,
        Self::Denied,
        Self::Quota,
        Self::Conflict,
        Self::Stale,
        Self::Invalid,
        Self::Transient,
        Self::Unknown,
    ];

    /// Classifies a code such as `InternalError.ClusterNotFound`.
    ///
    /// The whole code decides if it is listed, then the part after the dot, then the prefix:
    /// the service says "cluster not found" under four prefixes.
    pub fn of(code: &str) -> Self {
        let (prefix, last) = code.split_once('.').unwrap_or((code, ""));
        of_whole(code).or_else(|| of_last(last)).unwrap_or_else(|| of_prefix(prefix))
    }
}

fn of_whole(code: &str) -> Option<Kind> {
    Some(match code {
        // "The key does not exist": what is missing is not the object of the call.
        "AuthFailure.SecretIdNotFound" => Kind::Denied,
        "UnsupportedOperation.VersionMismatch" => Kind::Stale,
        "UnsupportedOperation.DuplicatePolicy" => Kind::Conflict,
        _ => return None,
    })
}

fn of_last(last: &str) -> Option<Kind> {
    Some(match last {
        "CamNoAuth" | "NoRBACPermissions" | "TagNotPermit" => Kind::Denied,
        "ClusterState" | "ClusterInAbnormalStat" | "LockedResources" => Kind::Busy,
        "ClbPolicyLimit" | "ClbPolicyExceedLimit" | "LimitExceeded" | "SgNumExceedLimit" => {
            Kind::Quota
        }
        "Param" | "ParamError" | "DeprecatedAPI" | "Malformed" => Kind::Invalid,
        _ if last.ends_with("NotFound") => Kind::NotFound,
        _ if last.starts_with("QuotaMax") => Kind::Quota,
        _ if last.starts_with("CidrConflictWith") => Kind::Conflict,
        _ => return None,
    })
}

fn of_prefix(prefix: &str) -> Kind {
    match prefix {
        "ResourceNotFound" => Kind::NotFound,
        "ResourceInUse" | "ResourceBusy" => Kind::Busy,
        "RequestLimitExceeded" => Kind::Throttled,
        "AuthFailure"
        | "UnauthorizedOperation"
        | "OperationDenied"
        | "IpInBlacklist"
        | "IpNotInWhitelist" => Kind::Denied,
        "LimitExceeded" | "ResourceInsufficient" => Kind::Quota,
        "InvalidParameter"
        | "InvalidParameterValue"
        | "InvalidSecurityGroupID"
        | "InvalidRequest"
        | "InvalidAction"
        | "MissingParameter"
        | "UnknownParameter"
        | "NoSuchProduct"
        | "NoSuchVersion"
        | "ActionOffline"
        | "RequestSizeLimitExceeded"
        | "UnsupportedOperation"
        | "UnsupportedProtocol"
        | "UnsupportedRegion" => Kind::Invalid,
        "InternalError" | "ServiceUnavailable" | "ResourceUnavailable" => Kind::Transient,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, codes: &[&str]) {
        for code in codes {
            assert_eq!(Kind::of(code), kind, "{code}");
        }
    }

    #[test]
    fn ok_every_code_of_our_actions() {
        check(
            Kind::NotFound,
            &[
                "ResourceNotFound",
                "ResourceNotFound.ClusterNotFound",
                "InvalidSecurityGroupID.NotFound",
                "FailedOperation.ClusterNotFound",
                "InternalError.ClusterNotFound",
                "InvalidParameter.ClusterNotFound",
            ],
        );
        check(
            Kind::Busy,
            &[
                "ResourceInUse",
                "ResourceBusy",
                "InternalError.ClusterState",
                "ResourceUnavailable.ClusterState",
                "ResourceUnavailable.ClusterInAbnormalStat",
                "UnsupportedOperation.LockedResources",
            ],
        );
        check(
            Kind::Throttled,
            &[
                "RequestLimitExceeded",
                "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
                "RequestLimitExceeded.IPLimitExceeded",
                "RequestLimitExceeded.UinLimitExceeded",
            ],
        );
        check(
            Kind::Denied,
            &[
                "AuthFailure.InvalidAuthorization",
                "AuthFailure.InvalidSecretId",
                "AuthFailure.MFAFailure",
                "AuthFailure.SecretIdNotFound",
                "AuthFailure.SignatureExpire",
                "AuthFailure.SignatureFailure",
                "AuthFailure.TokenFailure",
                "AuthFailure.UnauthorizedOperation",
                "UnauthorizedOperation",
                "UnauthorizedOperation.CamNoAuth",
                "InternalError.CamNoAuth",
                "OperationDenied",
                "IpNotInWhitelist",
                "UnsupportedOperation.TagNotPermit",
            ],
        );
        check(
            Kind::Quota,
            &[
                "LimitExceeded",
                "LimitExceeded.SecurityGroupPolicySet",
                "LimitExceeded.TagQuotaExceeded",
                "LimitExceeded.ResourceAttachedTags",
                "InvalidParameterValue.LimitExceeded",
                "UnsupportedOperation.SgNumExceedLimit",
                "UnsupportedOperation.ClbPolicyLimit",
                "UnsupportedOperation.ClbPolicyExceedLimit",
                "InternalError.QuotaMaxClsLimit",
                "InternalError.QuotaMaxNodLimit",
            ],
        );
        check(
            Kind::Conflict,
            &["UnsupportedOperation.DuplicatePolicy", "FailedOperation.CidrConflictWithVpcCidr"],
        );
        check(Kind::Stale, &["UnsupportedOperation.VersionMismatch"]);
        check(
            Kind::Invalid,
            &[
                "InvalidParameter",
                "InvalidParameter.Coexist",
                "InvalidParameter.FilterInvalidKey",
                "InvalidParameter.ReservedTagKey",
                "InvalidParameterValue",
                "InvalidParameterValue.Empty",
                "InvalidParameterValue.Malformed",
                "InvalidParameterValue.MemberApprovalApplicationStarted",
                "InvalidParameterValue.Range",
                "InvalidParameterValue.TooLong",
                "InvalidSecurityGroupID.Malformed",
                "InternalError.Param",
                "MissingParameter",
                "UnknownParameter.WithGuess",
                "InvalidAction",
                "NoSuchVersion",
                "UnsupportedOperation",
                "UnsupportedOperation.BpaasResources",
                "UnsupportedRegion",
            ],
        );
        check(
            Kind::Transient,
            &[
                "InternalError",
                "InternalError.ModuleError",
                "InternalError.Db",
                "InternalError.UnexpectedInternal",
                "ServiceUnavailable",
                "ResourceUnavailable",
            ],
        );
        check(
            Kind::Unknown,
            &["FailedOperation", "FailedOperation.UnexpectedError", "DryRunOperation", "", "."],
        );
    }
}
