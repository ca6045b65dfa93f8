//! Who logs in: the admin app, by the record that its credentials come from.

use pamrun_plugin::{Failure, Request};

/// The admin app, as far as a plugin sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admin<'a> {
    /// The record that its credentials come from.
    pub record: &'a str,
    /// Its client id, where the vault does not call it secret.
    pub client_id: Option<&'a str>,
    is_own: bool,
}

impl<'a> Admin<'a> {
    /// Reads the inputs `admin.…`.
    ///
    /// # Errors
    /// `tenant-malformed` for a name that stands for many tenants: no secret logs in there.
    pub fn of(request: &'a Request) -> Result<Self, Failure> {
        let input = |key: &str| request.input(&format!("admin.{key}"));
        let record = input("record").unwrap_or_default();
        let many = ["common", "organizations", "consumers"];
        if let Some(tenant) =
            input("tenant_id").filter(|tenant| many.iter().any(|one| tenant.eq_ignore_ascii_case(one)))
        {
            let message = format!("the tenant id in the record {record} is {tenant}, which is no tenant");
            return Err(Failure::invalid("tenant-malformed", message)
                .fix("put the directory's id or one of its domains there"));
        }
        Ok(Self { record, client_id: input("client_id"), is_own: input("role") == Some("target") })
    }

    /// Whether the app that is rotated logs in as itself.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.is_own
    }

    /// Names the app in messages, by its record.
    #[must_use]
    pub fn who(&self) -> String {
        if self.is_own {
            let record = self.record;
            return format!(
                "the app of the target record {record}, since no other record has admin credentials,"
            );
        }
        format!("the admin app of the record {}", self.record)
    }
}

#[cfg(test)]
mod tests {
    use pamrun_plugin::Values;
    use pamrun_plugin::testing::request;

    use super::*;

    #[test]
    fn the_admin_app_is_named_by_its_record() {
        let request = request(Values::default())
            .with_input("admin.record", "\"a\" (u1)")
            .with_input("admin.role", "provider");
        let admin = Admin::of(&request).unwrap();
        assert_eq!((admin.who().as_str(), admin.is_own()), ("the admin app of the record \"a\" (u1)", false));
        let request = request.with_input("admin.role", "target");
        assert!(
            Admin::of(&request).unwrap().who().starts_with("the app of the target record \"a\" (u1), since")
        );
    }

    #[test]
    fn a_name_for_many_tenants_is_refused() {
        for tenant in ["common", "Organizations", "consumers"] {
            let request = request(Values::default()).with_input("admin.tenant_id", tenant);
            assert_eq!(Admin::of(&request).unwrap_err().code, "tenant-malformed");
        }
        assert!(
            Admin::of(&request(Values::default()).with_input("admin.tenant_id", "common.example")).is_ok()
        );
    }
}
