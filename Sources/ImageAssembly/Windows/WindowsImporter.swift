package import LayerArchive
import OCIModel

/// Reads a layer as Windows' importer would (`hcsshim`, which containerd and Docker use), and finds the first entry
/// that it would refuse.
///
/// The importer takes one entry after the other and stops at the first that it cannot create, with a system message
/// that names neither the entry nor the reason. This type knows both.
package struct WindowsImporter {
    /// The rules by which a layer is refused.
    package enum Rule: String, Hashable, Sendable, CaseIterable {
        /// A name at the top other than `Files`, `Hives` and `UtilityVM`, in exactly this case.
        case top
        /// A layer without `Files` or `Hives`.
        case roots
        /// An entry that precedes its directory, or lies below something other than a directory.
        case parent
        /// A second entry with the same name, even if it differs in case.
        case duplicate
        case name
        /// A device or a pipe.
        case kind
        case whiteout
        case hardLink = "hard-link"
        case symlink
        /// An alternate data stream that does not follow its file.
        case stream
        /// Win32 attributes that are not a number, or contradict the kind of the entry.
        case attributes
        case security
        /// A time or an extended attribute that cannot be read.
        case record
        case utilityVM = "utility-vm"
    }

    /// The first entry or property that Windows refuses.
    package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// The path as it is in the tar, or `nil` if the layer as a whole is refused.
        package var entry: String?
        package var rule: Rule
        /// The reason, in lower case and without a full stop.
        package var message: String

        package var description: String { (entry.map { "\($0): " } ?? "") + "\(message) (\(rule.rawValue))" }
    }

    static let whiteoutPrefix = ".wh."
    /// The suffix of the file that the importer puts beside each directory, for the directory's metadata.
    static let directoryRecordSuffix = ".$wcidirs$"

    /// Whether the layer is the lowest of its image, for which other rules hold.
    let isBase: Bool
    /// The folded paths of files in the layers below, to which hard links may lead.
    private let lower: Set<[Unicode.Scalar]>

    /// The kinds of the entries so far, by folded path.
    var made: [[Unicode.Scalar]: Made] = [:]
    /// The files that hard links lead to in the end, by the links' folded paths, and the number of links to each.
    var originals: [[Unicode.Scalar]: [Unicode.Scalar]] = [:]
    var linkCounts: [[Unicode.Scalar]: Int] = [:]
    /// The names of files and links exactly as the importer notes them.
    var exactNames: Set<[UInt8]> = []
    /// The path of the previous entry as it is in the tar, if streams may follow it.
    var streamOwner: [UInt8]?

    enum Made { case directory, file, directoryLink }

    /// Creates an importer for one layer.
    ///
    /// - Parameters:
    ///   - isBase: Whether the layer is the lowest of its image.
    ///   - lower: The layers below, as far as they are known; a hard link to a file that is not in them is refused.
    package init(isBase: Bool, lower: [LayerListing] = []) {
        self.isBase = isBase
        let files = lower.flatMap(\.entries).filter { $0.member.kind != .directory }
        self.lower = Set(files.map { WindowsName.folded($0.path.bytes) })
    }

    /// Returns the first thing that Windows would refuse, or `nil` if it accepts the layer.
    package static func refusal(of layer: LayerListing, isBase: Bool, lower: [LayerListing] = []) -> Refusal? {
        var importer = WindowsImporter(isBase: isBase, lower: lower)
        do throws(Refusal) {
            for entry in layer.entries { try importer.add(entry) }
            for root in [WindowsLayer.files, WindowsLayer.hives] {
                guard case .directory = importer.made[WindowsName.folded(root.utf8)] else {
                    throw Refusal(rule: .roots, message: "the layer has no directory '\(root)'")
                }
            }
            return nil
        } catch {
            return error
        }
    }

    private mutating func add(_ entry: LayerListing.Entry) throws(Refusal) {
        let member = entry.member
        func refuse(_ rule: Rule, _ message: String) -> Refusal {
            Refusal(entry: member.shownPath, rule: rule, message: message)
        }
        do throws(Fault) {
            if try takeStream(member) { return }
            streamOwner = nil
            try checkPlace(entry)
            if entry.path.name.starts(with: Self.whiteoutPrefix.utf8) { return try checkWhiteout(entry.path) }
            try checkNames(entry.path)
            if case .hardLink(let target) = member.kind {
                try addLink(entry, target)
            } else {
                try addEntry(entry)
                streamOwner = member.path
            }
        } catch {
            throw refuse(error.rule, error.message)
        }
    }

    /// A refusal before the entry is known.
    struct Fault: Error {
        var rule: Rule
        var message: String
        init(_ rule: Rule, _ message: String) { (self.rule, self.message) = (rule, message) }
    }

    func isInLower(_ path: EntryPath) -> Bool { lower.contains(WindowsName.folded(path.bytes)) }

    /// Returns whether a path lies below `Files` or `UtilityVM/Files`, to which whiteouts and hard links are confined.
    static func isContent(_ path: EntryPath) -> Bool {
        let names = path.components.map { String(decoding: $0, as: UTF8.self) }
        return names.count > 1 && names[0] == WindowsLayer.files
            || names.count > 2 && names[0] == utilityVM && names[1] == WindowsLayer.files
    }

    static let utilityVM = "UtilityVM"

    private func checkWhiteout(_ path: EntryPath) throws(Fault) {
        guard !isBase else { throw Fault(.whiteout, "is a whiteout, but there is no layer below this one") }
        let name = String(decoding: path.name.dropFirst(Self.whiteoutPrefix.utf8.count), as: UTF8.self)
        guard Self.isContent(path) else {
            throw Fault(.whiteout, "is a whiteout outside Files, where nothing can be removed")
        }
        guard !name.isEmpty else { throw Fault(.whiteout, "is a whiteout that does not name a file") }
        guard !name.hasPrefix(Self.whiteoutPrefix) else {
            throw Fault(.whiteout, "is an opaque whiteout, which means nothing to Windows: the files below stay")
        }
    }
}
