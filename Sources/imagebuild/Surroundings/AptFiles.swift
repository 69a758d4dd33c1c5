import DurableFiles
import ImageInputs
import SystemPackage

/// This machine's apt set-up as texts. A file that cannot be read counts as absent, since apt is only a hint.
enum AptFiles {
    private static let folder: FilePath = "/etc/apt"
    private static let sizeLimit: Int64 = 1 << 20

    /// The configuration, in the order in which a later one wins: apt reads its own file after those in the folder.
    static var configuration: [String] { texts(names(in: "apt.conf.d") + ["apt.conf"]) }

    /// The logins; the first that fits is taken.
    static var logins: [String] { texts(["auth.conf"] + names(in: "auth.conf.d").reversed()) }

    static var sources: [AptSources.File] {
        (["sources.list"] + names(in: "sources.list.d")).compactMap { name in
            text(name).map { AptSources.File(name: name.lastComponent?.string ?? "", text: $0) }
        }
    }

    private static func names(in subfolder: FilePath) -> [FilePath] {
        ((try? FileSystem.names(in: folder.pushing(subfolder))) ?? []).map { subfolder.appending($0) }
    }

    private static func texts(_ names: [FilePath]) -> [String] { names.compactMap(text) }

    private static func text(_ name: FilePath) -> String? {
        (try? FileSystem.read(folder.pushing(name), limit: sizeLimit)).flatMap { $0 }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
