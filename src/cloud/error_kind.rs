//! What an error code means.

/// The few classes that all codes fall into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
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
    /// The request conflicts with an existing object.
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

impl ErrorKind {
    /// Every kind, so that their remedies can be checked for gaps.
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

fn of_whole(code: &str) -> Option<ErrorKind> {
    Some(match code {
        // "The key does not exist": what is missing is not the object of the call.
        "AuthFailure.SecretIdNotFound" => ErrorKind::Denied,
        "UnsupportedOperation.VersionMismatch" => ErrorKind::Stale,
        "UnsupportedOperation.DuplicatePolicy" => ErrorKind::Conflict,
        _ => return None,
    })
}

fn of_last(last: &str) -> Option<ErrorKind> {
    Some(match last {
        "CamNoAuth" | "NoRBACPermissions" | "TagNotPermit" => ErrorKind::Denied,
        "ClusterState" | "ClusterInAbnormalStat" | "LockedResources" => ErrorKind::Busy,
        "ClbPolicyLimit" | "ClbPolicyExceedLimit" | "LimitExceeded" | "SgNumExceedLimit" => {
            ErrorKind::Quota
        }
        "Param" | "ParamError" | "DeprecatedAPI" | "Malformed" => ErrorKind::Invalid,
        _ if last.ends_with("NotFound") => ErrorKind::NotFound,
        _ if last.starts_with("QuotaMax") => ErrorKind::Quota,
        _ if last.starts_with("CidrConflictWith") => ErrorKind::Conflict,
        _ => return None,
    })
}

fn of_prefix(prefix: &str) -> ErrorKind {
    match prefix {
        "ResourceNotFound" => ErrorKind::NotFound,
        "ResourceInUse" | "ResourceBusy" => ErrorKind::Busy,
        "RequestLimitExceeded" => ErrorKind::Throttled,
        "AuthFailure"
        | "UnauthorizedOperation"
        | "OperationDenied"
        | "IpInBlacklist"
        | "IpNotInWhitelist" => ErrorKind::Denied,
        "LimitExceeded" | "ResourceInsufficient" => ErrorKind::Quota,
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
        | "UnsupportedRegion" => ErrorKind::Invalid,
        "InternalError" | "ServiceUnavailable" | "ResourceUnavailable" => ErrorKind::Transient,
        _ => ErrorKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: ErrorKind, codes: &[&str]) {
        for code in codes {
            assert_eq!(ErrorKind::of(code), kind, "{code}");
        }
    }

    #[test]
    fn every_documented_code_has_its_kind() {
        check(
            ErrorKind::NotFound,
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
            ErrorKind::Busy,
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
            ErrorKind::Throttled,
            &[
                "RequestLimitExceeded",
                "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
                "RequestLimitExceeded.IPLimitExceeded",
                "RequestLimitExceeded.UinLimitExceeded",
            ],
        );
        check(
            ErrorKind::Denied,
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
            ErrorKind::Quota,
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
            ErrorKind::Conflict,
            &["UnsupportedOperation.DuplicatePolicy", "FailedOperation.CidrConflictWithVpcCidr"],
        );
        check(ErrorKind::Stale, &["UnsupportedOperation.VersionMismatch"]);
        check(
            ErrorKind::Invalid,
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
            ErrorKind::Transient,
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
            ErrorKind::Unknown,
            &["FailedOperation", "FailedOperation.UnexpectedError", "DryRunOperation", "", "."],
        );
    }
}
