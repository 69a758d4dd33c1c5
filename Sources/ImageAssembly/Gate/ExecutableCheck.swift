import Executables
import LayerArchive
import OCIModel

/// Checks whether the executables of one platform's root filesystem are for its machine and can be started by its
/// loader.
struct ExecutableCheck {
    let platform: Platform
    let root: MergedRoot
    /// The ELF files by path, with symlinks resolved.
    private(set) var images: [EntryPath: ELFImage] = [:]
    /// The PE files of a Windows image by path.
    private(set) var windowsImages: [EntryPath: PEImage] = [:]
    /// The files that the loader would take for the libraries that an executable needs, in the loader's order.
    private(set) var libraries: [EntryPath: [EntryPath]] = [:]
    private(set) var failures: [GateFailure] = []

    init(platform: Platform, root: MergedRoot) {
        self.platform = platform
        self.root = root
    }

    mutating func run(_ reader: ContentReader) {
        guard ["linux", "windows"].contains(platform.os) else { return }
        let files = root.tree.sorted
        for (path, entry) in files {
            guard case .regular(let content) = entry.kind else { continue }
            do throws(ExecutableError) {
                if let refusal = try identify(path, ReadableContent(content: content, reader: reader)) {
                    fail(path, refusal)
                }
            } catch {
                fail(path, GateFault(error))
            }
        }
        // All files must be known before libraries can be found.
        for (path, _) in files {
            guard let image = images[path] else { continue }
            if let interpreter = image.interpreter { checkInterpreter(interpreter, of: path) }
            findLibraries(image, of: path)
        }
    }

    /// Records a fault of one of the image's own files. A base image's files are its makers' responsibility; if ours
    /// needs one that is unusable, ours is refused.
    private mutating func fail(_ path: EntryPath, _ fault: GateFault) {
        guard !root.isOfBase(path) else { return }
        failures.append(GateFailure(platform: platform, path: path, rule: fault.rule, message: fault.message))
    }

    /// Keeps the parts of the file that the loader reads if it is an executable; returns the reason why it cannot run
    /// on the platform, if there is one.
    private mutating func identify(
        _ path: EntryPath, _ content: ReadableContent
    ) throws(ExecutableError) -> GateFault? {
        let start = try content.bytes(at: 0, count: ELFHeader.size)
        if let offset = try PEImage.offset(start, in: content) {
            guard platform.os == "windows" else {
                return GateFault(.peMachine, "is a Windows executable in a \(platform.os) image")
            }
            let image = try PEImage(at: offset, of: content)
            if let mismatch = image.mismatch(platform.architecture) { return GateFault(.peMachine, mismatch) }
            windowsImages[path] = image
            return nil
        }
        guard let header = try ELFHeader(start) else { return nil }
        guard platform.os == "linux" else {
            return GateFault(.elfMachine, "is an ELF file in a \(platform.os) image")
        }
        guard let target = ELFTarget(platform) else {
            return GateFault(.elfMachine, "is an ELF file, but it is unknown which ELF files run on \(platform)")
        }
        if let mismatch = target.mismatch(header) { return GateFault(.elfMachine, mismatch) }
        images[path] = try ELFImage(content, header: header)
        return nil
    }

    /// Returns the segments of an executable that can run on the platform.
    func segments(of path: EntryPath) -> [ProgramSegment]? { images[path]?.segments ?? windowsImages[path]?.segments }

    private mutating func checkInterpreter(_ text: [UInt8], of path: EntryPath) {
        let shown = String(decoding: text, as: UTF8.self)
        guard text.first == UInt8(ascii: "/"), let real = root.tree.resolve(text), images[real] != nil else {
            fail(path, GateFault(.elfInterpreter, "its interpreter \(shown) is not in the image"))
            return
        }
        if root.tree[real].map({ $0.mode & 0o111 == 0 }) ?? true {
            fail(path, GateFault(.elfInterpreter, "its interpreter \(shown) is not executable"))
        }
    }

    private mutating func findLibraries(_ image: ELFImage, of path: EntryPath) {
        // `LD_LIBRARY_PATH`, `/etc/ld.so.cache` and the search paths of the files that load this one are not relied
        // upon.
        let defaults = (ELFTarget(platform)?.libraryDirectories ?? []).map { Array($0.utf8) }
        let directories = image.searchPath.map { replaceOrigin(in: $0, of: path) } + defaults
        for name in image.needed {
            if let library = find(replaceOrigin(in: name, of: path), in: directories) {
                libraries[path, default: []].append(library)
            } else {
                let shown = String(decoding: name, as: UTF8.self)
                fail(path, GateFault(.elfLibrary, "needs \(shown), which the loader does not find in the image"))
            }
        }
    }

    /// Replaces `$ORIGIN` in search paths and names by the folder of the file that contains it (ld.so(8)).
    private func replaceOrigin(in text: [UInt8], of path: EntryPath) -> [UInt8] {
        guard text.contains(UInt8(ascii: "$")) else { return text }
        let origin = [UInt8(ascii: "/")] + (path.parent ?? .root).bytes
        return text.replacing("$ORIGIN".utf8, with: origin).replacing("${ORIGIN}".utf8, with: origin)
    }

    private func find(_ name: [UInt8], in directories: [[UInt8]]) -> EntryPath? {
        let slash = UInt8(ascii: "/")
        let places = name.contains(slash) ? [name] : directories.map { $0 + [slash] + name }
        for place in places where place.first == slash {
            if let real = root.tree.resolve(place), images[real] != nil { return real }
        }
        return nil
    }
}
