import ChildPrograms
import DurableFiles
import ImageAssembly
import LayerArchive
import OCIModel
import SystemPackage

/// An image's root file system in a folder, in which its programs run as root of a user namespace: with processes and
/// mounts of their own, and this machine's network.
struct TestRoot: Sendable {
    let folder: FilePath
    let platform: Platform
    let environment: [String: String]
    /// The registration by which the kernel starts programs of another architecture; empty if they are this machine's
    /// own.
    let rule: String

    private static let outputLimit = 4 << 20

    /// Writes an image's files below an empty folder. Owners, devices and times are not kept.
    ///
    /// Blocks.
    static func layOut(_ tree: FileTree, in folder: FilePath, isCancelled: () -> Bool) throws {
        var links: [(FilePath, [UInt8])] = []
        for (path, entry) in tree.sorted {
            if isCancelled() { throw CancellationError() }
            switch entry.kind {
            case .directory: try FileSystem.makeDirectories(folder.appending(path))
            case .regular(let content): try content.copy(to: folder.appending(path), mode: entry.mode & 0o777)
            case .hardLink(let original):
                if case .regular(let content)? = tree[original]?.kind {
                    try content.copy(to: folder.appending(path), mode: entry.mode & 0o777)
                }
            case .symlink(let target): links.append((folder.appending(path), target))
            case .characterDevice, .blockDevice, .fifo: break
            }
        }
        for name in ["dev", "proc", "tmp"] { try FileSystem.makeDirectories(folder.appending(name)) }
        try FileSystem.write([], to: folder.appending("dev").appending("null"))
        // Links come last, so that nothing is ever written through one.
        for (link, target) in links { try FileSystem.makeSymlink(link, to: target) }
    }

    private static let namespaces = [
        "/usr/bin/unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child",
    ]

    /// The script that runs in the namespaces before a program is started there. Not every machine lets `/proc` be
    /// mounted.
    private static let preparation = """
        set -eu
        root=$1 rule=$2; shift 2
        mount --bind /dev/null "$root/dev/null"
        mount -t proc proc "$root/proc" 2>/dev/null || :
        # Before Linux 6.7 a namespace has no rules of its own, and this machine's count.
        if [ -n "$rule" ] && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null; then
            printf %s "$rule" >/proc/sys/fs/binfmt_misc/register
        fi
        exec env -i "$@"
        """

    /// Finds out whether programs can be run in a root of their own.
    ///
    /// - Throws: `ImageBuildingError` (`unavailable`) if they cannot.
    static func checkNamespaces() async throws {
        let host = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        let (output, succeeded) = try await ChildProgram.answer(
            of: namespaces + ["true"], environment: host, timeLimit: .seconds(30), outputLimit: outputLimit)
        guard !succeeded else { return }
        throw ImageBuildingError(
            .unavailable, "cannot run programs in a root file system of their own: \(output)",
            hint:
                "allow user namespaces on this machine (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)"
        )
    }

    /// Runs a program of the image, and returns what it wrote, and whether it succeeded.
    func run(_ command: [String], within limit: Duration) async throws -> (output: String, succeeded: Bool) {
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return try await ChildProgram.answer(
            of: Self.namespaces + ["sh", "-c", Self.preparation, "sh", folder.string, rule] + variables
                + ["/usr/sbin/chroot", folder.string] + command,
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], timeLimit: limit, outputLimit: Self.outputLimit)
    }
}
