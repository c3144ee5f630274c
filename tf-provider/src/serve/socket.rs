//! The unix socket: where it is, and who may connect to it.

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use tempfile::TempPath;
use tokio::net::{UnixListener, UnixStream};

use super::environment::SocketWishes;

/// A socket that nobody but this user can reach. Dropping it removes it from the file system.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) listener: UnixListener,
    pub(crate) peers: Peers,
    path: TempPath,
    /// Declaration after `path`, so that the socket goes before the folder it is in.
    _folder: Option<Folder>,
}

/// A fresh folder that only this user can enter. Dropping it removes it.
///
/// A killed process removes nothing. So each holds a lock in its folder, which ends with the process, and each
/// removes at its start the folders whose locks are free.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    _lock: File,
}

/// Who may connect: a second lock beside the permissions of the file, which some systems ignore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peers {
    /// This user alone.
    User(u32),
    /// Whoever can open the socket: core named a group that may.
    Group,
}

impl Socket {
    pub(crate) fn bind(wishes: &SocketWishes) -> io::Result<Self> {
        // A folder that core names is core's to protect; any other is fresh and ours alone.
        let fresh = match wishes.folder {
            Some(_) => None,
            None => Some(Folder::create(&wishes.temporary)?),
        };
        let fresh_path = fresh.as_ref().map(|folder| folder.path.as_path());
        let folder = wishes.folder.as_deref().or(fresh_path);
        let (listener, path) = tempfile::Builder::new()
            .prefix("plugin")
            .make_in(folder.unwrap_or(&wishes.temporary), |path| UnixListener::bind(path))?
            .into_parts();
        let peers = match &wishes.group {
            None => {
                fs::set_permissions(&path, Permissions::from_mode(0o600))?;
                Peers::User(own_user()?)
            }
            Some(group) => {
                chown(&path, None, Some(group_number(group)?))?;
                fs::set_permissions(&path, Permissions::from_mode(0o660))?;
                Peers::Group
            }
        };
        Ok(Self { listener, peers, path, _folder: fresh })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Peers {
    pub(crate) fn admit(self, peer: &UnixStream) -> io::Result<bool> {
        match self {
            Self::User(user) => Ok(peer.peer_cred()?.uid() == user),
            Self::Group => Ok(true),
        }
    }
}

/// The path of a socket may have 104 bytes on macOS and 108 on Linux, with some 40 of them ours.
const LONGEST_FOLDER: usize = 60;

/// How the names of folders begin: of finished ones, and of those that have no lock yet.
const FOLDER: &str = "tf-provider-";
const UNFINISHED: &str = ".tf-provider-";

/// The file in a folder that its process has locked.
const LOCK: &str = "lock";

impl Folder {
    fn create(temporary: &Path) -> io::Result<Self> {
        let temporary = if temporary.as_os_str().len() > LONGEST_FOLDER {
            Path::new("/tmp")
        } else {
            temporary
        };
        remove_abandoned(temporary);
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(temporary)?;
        let lock = File::create(unfinished.path().join(LOCK))?;
        if lock.lock().is_err() {
            // Some file systems have no locks. Without the file, nobody takes the folder for abandoned.
            fs::remove_file(unfinished.path().join(LOCK))?;
        }
        // From here on others see the folder, and its lock.
        let name = unfinished.path().file_name().and_then(OsStr::to_str).unwrap_or_default();
        let path = temporary.join(name.trim_start_matches('.'));
        fs::rename(unfinished.path(), &path)?;
        _ = unfinished.keep();
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays, the next process removes.
        _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes the folders of this user's processes that are no more. What cannot be removed is left: it is in the
/// way of nobody.
fn remove_abandoned(temporary: &Path) {
    let (Ok(user), Ok(entries)) = (own_user(), fs::read_dir(temporary)) else { return };
    let folders = entries.flatten().filter(|entry| {
        let is_ours = |name: &str| name.starts_with(FOLDER);
        entry.file_name().to_str().is_some_and(is_ours)
            && entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == user)
    });
    for path in folders.map(|entry| entry.path()) {
        let lock = File::open(path.join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            _ = fs::remove_dir_all(path);
        }
    }
}

/// The user whom others see at our end of a socket.
fn own_user() -> io::Result<u32> {
    let (one, _other) = UnixStream::pair()?;
    Ok(one.peer_cred()?.uid())
}

/// A group as core may write it: by number, or by the name that it has on this machine.
fn group_number(group: &str) -> io::Result<u32> {
    if let Ok(number) = group.parse() {
        return Ok(number);
    }
    let known = fs::read_to_string("/etc/group")?;
    find_group(&known, group)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no group `{group}`")))
}

/// Lines are `name:password:number:members`.
fn find_group(known: &str, wanted: &str) -> Option<u32> {
    known.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(wanted)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn socket_and_folder_are_private_and_leave_nothing_behind() {
        let temporary = tempfile::tempdir().unwrap();
        let wishes =
            SocketWishes { temporary: temporary.path().to_owned(), ..SocketWishes::default() };
        let socket = Socket::bind(&wishes).unwrap();
        assert_eq!(mode(socket.path()), 0o600);
        assert_eq!(mode(socket.path().parent().unwrap()), 0o700);
        drop(socket);
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn folders_of_killed_processes_are_removed_at_the_next_start() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = temporary.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let (killed, unlocked) = (folder("tf-provider-killed"), folder("tf-provider-unlocked"));
        let foreign = folder("plugin-of-another-program");
        File::create(killed.join(LOCK)).unwrap();
        File::create(foreign.join(LOCK)).unwrap();
        let wishes =
            SocketWishes { temporary: temporary.path().to_owned(), ..SocketWishes::default() };
        let one = Socket::bind(&wishes).unwrap();
        let two = Socket::bind(&wishes).unwrap();
        assert!(!killed.exists());
        assert!(unlocked.exists() && foreign.exists());
        assert!(one.path().exists() && two.path().exists());
    }

    #[tokio::test]
    async fn a_folder_and_a_group_that_core_names_are_used() {
        let folder = tempfile::tempdir().unwrap();
        let group = fs::metadata(folder.path()).unwrap().gid();
        let wishes = SocketWishes {
            folder: Some(folder.path().to_owned()),
            group: Some(group.to_string()),
            ..SocketWishes::default()
        };
        let socket = Socket::bind(&wishes).unwrap();
        assert_eq!(socket.path().parent(), Some(folder.path()));
        assert_eq!(mode(socket.path()), 0o660);
        assert_eq!(socket.peers, Peers::Group);
        drop(socket);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_long_temporary_folder_is_not_used() {
        let temporary = Path::new("/tmp").join("x".repeat(90));
        let socket = Socket::bind(&SocketWishes { temporary, ..SocketWishes::default() }).unwrap();
        assert!(socket.path().as_os_str().len() < 104);
    }

    #[tokio::test]
    async fn only_this_user_is_admitted() {
        let (one, _other) = UnixStream::pair().unwrap();
        let user = own_user().unwrap();
        assert!(Peers::User(user).admit(&one).unwrap());
        assert!(!Peers::User(user + 1).admit(&one).unwrap());
    }

    #[test]
    fn groups_are_found_by_name() {
        let known = "root:x:0:\nstaff:x:50:ann,bob\nbroken\nlast:x:no:";
        for (name, number) in
            [("root", Some(0)), ("staff", Some(50)), ("broken", None), ("last", None), ("x", None)]
        {
            assert_eq!(find_group(known, name), number, "{name}");
        }
    }
}
