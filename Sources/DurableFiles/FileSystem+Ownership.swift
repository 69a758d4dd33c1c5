package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension FileSystem {
    /// Refuses a folder in which there are other names than one's own: it is somebody else's.
    ///
    /// - Parameters:
    ///   - own: The names that may be there.
    ///   - folder: The folder, which need not be there.
    ///   - what: The beginning of the message: `cannot serve /srv/images`.
    /// - Throws: `FileError` `.notPrivate`.
    package static func requireOnly(_ own: Set<String>, in folder: FilePath, _ what: String) throws {
        guard let other = try names(in: folder).first(where: { !own.contains($0) }) else { return }
        throw FileError(
            .notPrivate, "\(what): it has other things in it, like \(other)",
            hint: "choose an empty folder, or one that is not there yet")
    }

    /// Checks that a folder is this user's, and that nobody else can write in it or put another in its place: neither it
    /// nor any folder above it may belong to, or be writable by, another user. Links in the path count as what they lead
    /// to. The system's own account, whoever owns `/`, and a user's private group are trusted; in a sticky folder, as
    /// `/tmp` is, nobody can replace what is another's.
    ///
    /// - Throws: `FileError` with what to do. `what` begins its message: `cannot use the store /srv/store`.
    package static func requirePrivate(_ path: FilePath, _ what: String) throws {
        var folder = try realPath(path, what)
        var root = stat()
        guard stat("/", &root) == 0 else { throw FileError(Errno(rawValue: errno), what) }
        let user = geteuid()
        var isTheFolder = true
        while true {
            var status = stat()
            guard folder.withPlatformString({ stat($0, &status) }) == 0 else {
                throw FileError(Errno(rawValue: errno), "\(what): cannot examine \(folder)")
            }
            let owner = status.st_uid
            guard owner == user || !isTheFolder && (owner == 0 || owner == root.st_uid) else {
                throw FileError(
                    .notPrivate,
                    "\(what): \(folder) belongs to another user (\(owner)), who could change what is in it",
                    hint: "choose a folder of your own, or give this one to you with chown")
            }
            // A group of the user's own number has no other member, by the usual scheme of user private groups.
            let isGroups = status.st_mode & S_IWGRP != 0 && status.st_gid != owner
            let isSticky = !isTheFolder && status.st_mode & S_ISVTX != 0
            guard isSticky || !isGroups && status.st_mode & S_IWOTH == 0 else {
                throw FileError(
                    .notPrivate, "\(what): other users can write in \(folder)",
                    hint: "choose a folder of your own, or run: chmod go-w \(folder)")
            }
            isTheFolder = false
            guard !folder.components.isEmpty else { return }
            folder.removeLastComponent()
        }
    }

    /// Creates a folder that only this user can enter, and the folders above it where they are missing.
    package static func makePrivateDirectory(_ path: FilePath) throws {
        try makeDirectories(path.removingLastComponent())
        guard path.withPlatformString({ mkdir($0, 0o700) }) == 0 || errno == EEXIST else {
            throw FileError(Errno(rawValue: errno), "cannot create the folder \(path)")
        }
    }
}
