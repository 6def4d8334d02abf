//! Where a target is: origin and path prefix. Call paths are appended; what an answer points at is followed on the same origin only.

use http::Uri;
use http::uri::{Authority, Scheme};

/// The base URL of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    scheme: Scheme,
    authority: Authority,
    prefix: String,
}

/// Why a text is not a base URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no absolute `http` or `https` URL.
    #[error("a base URL is `http://` or `https://`, a host and perhaps a path")]
    Shape,
    /// It holds a user name, a query or a fragment.
    #[error("a base URL holds no user name, no query and no fragment")]
    Extra,
}

impl Address {
    /// Reads a base URL; slashes at its end do not count.
    ///
    /// # Errors
    /// It is no absolute `http`/`https` URL, or holds more than origin and path.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let uri: Uri = text.trim().parse().map_err(|_| AddressError::Shape)?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else { return Err(AddressError::Shape) };
        if (scheme != Scheme::HTTP && scheme != Scheme::HTTPS) || authority.host().is_empty() {
            return Err(AddressError::Shape);
        }
        if authority.as_str().contains('@') || text.contains(['?', '#']) {
            return Err(AddressError::Extra);
        }
        let path = parts.path_and_query.as_ref().map_or("", |path| path.path());
        Ok(Address { scheme, authority, prefix: path.trim_end_matches('/').to_owned() })
    }

    /// The URL of a call's path and query; `None` where the path is no part of a URL.
    pub fn join(&self, path: &str) -> Option<Uri> {
        let rest = path.trim_start_matches('/');
        let bare = rest.is_empty() && path.is_empty() || rest.starts_with('?');
        let slash = if bare && !self.prefix.is_empty() { "" } else { "/" };
        self.at(&format!("{}{slash}{rest}", self.prefix))
    }

    /// A URL of another origin, which an operator configured: `https`, or `http` where the target's own address is.
    pub fn elsewhere(&self, text: &str) -> Option<Uri> {
        let uri: Uri = text.trim().parse().ok()?;
        let authority = uri.authority()?;
        let scheme = uri.scheme()?;
        let fits = *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && self.scheme == Scheme::HTTP);
        (fits && !authority.host().is_empty() && !authority.as_str().contains('@')).then_some(uri)
    }

    /// The URL that an answer to `from` points at; `None` where it leads to another origin or nowhere.
    pub fn follow(&self, from: &Uri, link: &str) -> Option<Uri> {
        let link = link.trim().split('#').next().unwrap_or_default();
        if link.starts_with("//") {
            return self.same_origin(&format!("{}:{link}", self.scheme));
        }
        if link.contains("://") && !link.starts_with(['/', '?']) {
            return self.same_origin(link);
        }
        match link.chars().next()? {
            '/' => self.at(link),
            '?' => self.at(&format!("{}{link}", from.path())),
            _ => self.at(&format!("{}/{link}", from.path().rsplit_once('/').map_or("", |(folder, _)| folder))),
        }
    }

    /// Does this link name our host? One without a host does.
    pub fn is_host_of(&self, link: &str) -> bool {
        let Some((_, rest)) = link.split_once("//").filter(|(start, _)| start.is_empty() || start.ends_with(':'))
        else {
            return true;
        };
        let authority = rest.split(['/', '?', '#']).next().and_then(|text| text.parse::<Authority>().ok());
        authority.is_some_and(|authority| authority.host().eq_ignore_ascii_case(self.authority.host()))
    }

    fn same_origin(&self, link: &str) -> Option<Uri> {
        let uri: Uri = link.parse().ok()?;
        let authority = uri.authority()?;
        let same = uri.scheme() == Some(&self.scheme)
            && !authority.as_str().contains('@')
            && authority.host().eq_ignore_ascii_case(self.authority.host())
            && self.port(authority) == self.port(&self.authority);
        same.then(|| self.at(uri.path_and_query().map_or("/", |path| path.as_str())))?
    }

    fn port(&self, authority: &Authority) -> u16 {
        authority.port_u16().unwrap_or(if self.scheme == Scheme::HTTPS { 443 } else { 80 })
    }

    fn at(&self, path: &str) -> Option<Uri> {
        Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone()).path_and_query(path).build().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn joined(base: &str, path: &str) -> String {
        address(base).join(path).unwrap().to_string()
    }

    #[test]
    fn call_paths_follow_the_prefix_with_one_slash() {
        for base in ["https://app.example/api/v1", "https://app.example/api/v1/", "https://app.example/api/v1//"] {
            assert_eq!(joined(base, "/users/7"), "https://app.example/api/v1/users/7");
        }
        assert_eq!(joined("http://app.example:3001", "/users?a=1"), "http://app.example:3001/users?a=1");
        assert_eq!(joined("http://app.example", "//users"), "http://app.example/users");
        assert_eq!(joined("http://app.example", ""), "http://app.example/");
        assert_eq!(joined("http://app.example/api.php", ""), "http://app.example/api.php");
        assert_eq!(joined("http://app.example/api.php", "?a=1"), "http://app.example/api.php?a=1");
        assert_eq!(joined("http://[::1]:80/", "/users/"), "http://[::1]:80/users/");
    }

    #[test]
    fn a_base_url_is_an_origin_and_a_path() {
        for text in ["", "app.example", "/users", "ftp://app.example", "app.example/api"] {
            assert_eq!(Address::parse(text), Err(AddressError::Shape), "{text}");
        }
        for text in ["http://u:p@app.example", "http://app.example/?a=1", "http://app.example/#a"] {
            assert_eq!(Address::parse(text), Err(AddressError::Extra), "{text}");
        }
    }

    #[test]
    fn another_origin_is_reached_by_https_alone() {
        let base = address("https://app.example/api");
        assert!(base.elsewhere("https://login.example/token").is_some());
        for text in ["http://login.example/token", "/token", "ftp://login.example", "https://u:p@login.example/", ""] {
            assert_eq!(base.elsewhere(text), None, "{text}");
        }
        assert!(address("http://127.0.0.1:1").elsewhere("http://127.0.0.1:2/token").is_some());
    }

    #[test]
    fn links_are_followed_on_the_same_origin_only() {
        let base = address("https://app.example/api");
        let from = base.join("/users?page=1").unwrap();
        let follow = |link: &str| base.follow(&from, link).map(|uri| uri.to_string());
        for link in [
            "https://app.example/api/users?page=2",
            "https://APP.example:443/api/users?page=2",
            "//app.example/api/users?page=2",
            "/api/users?page=2",
            "?page=2",
            "users?page=2",
            " ?page=2#top",
        ] {
            assert_eq!(follow(link).as_deref(), Some("https://app.example/api/users?page=2"), "{link}");
        }
        for link in [
            "http://app.example/api/users",
            "https://app.example:8443/api",
            "https://evil.example/api",
            "//evil.example/api",
            "https://app.example@evil.example/",
            "https://user@app.example/",
            "https://app.example.evil.example/",
            "",
            "/a b",
        ] {
            assert_eq!(follow(link), None, "{link}");
        }
    }

    #[test]
    fn a_link_without_a_host_is_ours() {
        let base = address("https://app.example/api");
        for link in ["/users/7", "users/7", "7", "http://APP.example:8080/users/7", "//app.example/users/7"] {
            assert!(base.is_host_of(link), "{link}");
        }
        assert!(!base.is_host_of("https://evil.example/users/7"));
    }
}
