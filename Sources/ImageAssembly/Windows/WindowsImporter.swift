package import LayerArchive
import OCIModel

/// Reads a layer as Windows' importer would (containerd's and Docker's, `hcsshim`), and says what it would stumble over.
///
/// The importer takes one entry after the other and gives up at the first that it cannot make, with a message of the
/// system that names neither. This one knows why.
package struct WindowsImporter {
    /// By what a layer is refused.
    package enum Rule: String, Hashable, Sendable, CaseIterable {
        /// A name at the top other than `Files`, `Hives` and `UtilityVM`, in exactly that case.
        case top
        /// A layer without `Files` or `Hives`.
        case roots
        /// An entry before its directory, or below what is none.
        case parent
        /// A second entry of one name, also where it differs in case.
        case duplicate
        case name
        /// A device or a pipe.
        case kind
        case whiteout
        case hardLink = "hard-link"
        case symlink
        /// An alternate data stream that does not follow its file.
        case stream
        /// Win32 attributes that are no number, or say something else than the entry.
        case attributes
        case security
        /// A time or an extended attribute that cannot be read.
        case record
        case utilityVM = "utility-vm"
    }

    /// The first thing that Windows refuses.
    package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// As it stands in the tar; `nil` where the layer as a whole is meant.
        package var entry: String?
        package var rule: Rule
        /// Lower-case, without a full stop.
        package var message: String

        package var description: String { (entry.map { "\($0): " } ?? "") + "\(message) (\(rule.rawValue))" }
    }

    static let whiteoutPrefix = ".wh."
    /// Beside each directory the importer puts a file of that name and this ending, for the directory's metadata.
    static let directoryRecordSuffix = ".$wcidirs$"

    /// Whether the layer is the lowest of its image, for which other rules hold.
    let isBase: Bool
    /// Files of the layers below that hard links may lead to.
    private let lower: Set<[Unicode.Scalar]>

    /// What is there so far, under its folded path.
    var made: [[Unicode.Scalar]: Made] = [:]
    /// The names of files and links, exactly as the importer notes them.
    var exactNames: Set<[UInt8]> = []
    /// The name of the entry before, as it stands in the tar, where streams may follow it.
    var streamOwner: [UInt8]?

    enum Made { case directory, file, directoryLink }

    /// - Parameters:
    ///   - isBase: whether this is the lowest layer of an image.
    ///   - lower: what is known of the layers below; a hard link to what is not in them is refused.
    package init(isBase: Bool, lower: [LayerListing] = []) {
        self.isBase = isBase
        let files = lower.flatMap(\.entries).filter { $0.member.kind != .directory }
        self.lower = Set(files.map { WindowsName.folded($0.path.bytes) })
    }

    /// What Windows would refuse first; `nil` where it takes the layer.
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

    /// Whether a path lies below `Files`, or below `UtilityVM/Files`: what whiteouts and hard links are confined to.
    static func isContent(_ path: EntryPath) -> Bool {
        let names = path.components.map { String(decoding: $0, as: UTF8.self) }
        return names.count > 1 && names[0] == WindowsLayer.files
            || names.count > 2 && names[0] == utilityVM && names[1] == WindowsLayer.files
    }

    static let utilityVM = "UtilityVM"

    private func checkWhiteout(_ path: EntryPath) throws(Fault) {
        guard !isBase else { throw Fault(.whiteout, "is a whiteout, and there is no layer below this one") }
        let name = String(decoding: path.name.dropFirst(Self.whiteoutPrefix.utf8.count), as: UTF8.self)
        guard Self.isContent(path) else {
            throw Fault(.whiteout, "is a whiteout outside of Files, where nothing can be removed")
        }
        guard !name.isEmpty else { throw Fault(.whiteout, "is a whiteout that names no file") }
        guard !name.hasPrefix(Self.whiteoutPrefix) else {
            throw Fault(.whiteout, "is an opaque whiteout, which means nothing to Windows: the files below stay")
        }
    }
}
