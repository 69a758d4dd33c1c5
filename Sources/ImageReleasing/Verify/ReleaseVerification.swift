import DurableFiles
import ImageBuilding
import LayerArchive
import OCIModel
package import OCIRegistry
package import Scheduling
package import SystemPackage

/// The check of a published release by anybody: from a version to a verdict.
package struct ReleaseVerification: Sendable {
    /// A release whose commit nobody needs to know: names and versions alone count here.
    private let release: Release
    private let files: PublishedFiles
    private let keys: OpenPGPKeys
    /// The registries; `nil` to leave images alone.
    private let registries: RegistryAccess?
    /// The architecture of this machine.
    private let architecture: String
    private let scratch: FilePath
    private let pool: BlockingPool
    private let observe: @Sendable (String) -> Void

    /// Prepares the check. Signatures count if one of `keys` made them; without any they stay unproven. `scratch` is an
    /// empty folder for downloads and contents.
    package init(
        _ file: ReleaseFile, home: FilePath, version: SemanticVersion, files: PublishedFiles, keys: OpenPGPKeys,
        registries: RegistryAccess?, architecture: String, scratch: FilePath, pool: BlockingPool,
        observe: @escaping @Sendable (String) -> Void
    ) throws {
        release = try Release(
            file, home: home, checkout: home, version: version, previous: nil, commit: "", date: Timestamp(seconds: 0))
        (self.files, self.keys, self.registries, self.architecture) = (files, keys, registries, architecture)
        (self.scratch, self.pool, self.observe) = (scratch, pool, observe)
    }

    /// Checks everything, one thing after the other; what fails does not hide the rest. `promoter` is the text of a
    /// promoter's `images.yaml`, which must have the images' public tags.
    package func run(promoter: String? = nil) async throws -> VerificationReport {
        var report = VerificationReport(version: release.version)
        let downloads = scratch.appending("files")
        try FileSystem.makeDirectories(downloads)
        let files = try await files.files(in: downloads, observe)
        let digests = try await checkSums(files, &report)
        try await checkSignatures(files, &report)
        var programs: [String: [String: Digest]] = [:]
        for archive in release.archives {
            guard let (file, _) = files[archive.fileName], digests[archive.fileName] != nil else {
                report.note(archive.fileName, .failed, "it is missing, or is not what its sum says")
                continue
            }
            try await report.check(archive.fileName) {
                let (found, detail, outcome) = try await check(archive, file)
                programs[archive.platform.description] = found
                return (outcome, detail)
            }
        }
        guard let registries else {
            if !release.images.isEmpty { report.note("images", .unproven, "no registry was asked") }
            return report
        }
        for image in release.images {
            let check = ImageVerification(
                release: release, image: image, registries: registries, programs: programs, scratch: scratch,
                pool: pool)
            try await check.run(&report)
            guard let promoter, !image.promotion.isEmpty else { continue }
            try await report.check("promotion of \(image.name)") {
                let wrong = Promotion.differences(promoter, image, of: release, index: try await index(of: image))
                return wrong.isEmpty ? (.passed, "its public tags are right") : (.failed, wrong.joined(separator: "; "))
            }
        }
        return report
    }

    /// Returns the lines of a promoter's `images.yaml` for all images that are promoted.
    package func promotion() async throws -> String {
        var lines = ""
        for image in release.images where !image.promotion.isEmpty {
            lines += Promotion.lines(image, of: release, index: try await index(of: image))
        }
        return lines
    }

    /// The digest of an image's index, as its first repository has it.
    private func index(of image: ReleasedImage) async throws -> Digest {
        guard let registries, let reference = image.repositories.first,
            let tag = release.tags(of: image).index.first
        else { throw ReleaseError(.refused, "the image \(image.name) has no index with a tag in a repository") }
        return try await registries.repository(reference).resolve(tag).digest
    }

    /// Checks that every file has a sum, and every sum a file with these bytes. Returns the digests that hold.
    private func checkSums(
        _ files: [String: (FilePath, stated: String?)], _ report: inout VerificationReport
    ) async throws -> [String: Digest] {
        let bytes = try files[Release.sumsName].flatMap { try FileSystem.read($0.0, limit: 4 << 20) }
        guard let bytes, let sums = Sums.read(bytes), !sums.isEmpty else {
            report.note(Release.sumsName, .failed, "it is missing, or has a line that is no sum")
            return [:]
        }
        var good: [String: Digest] = [:]
        for (name, sum) in sums.sorted(by: { $0.key < $1.key }) {
            try await report.check(name) {
                guard let (file, stated) = files[name] else { return (.failed, "it has a sum, and is not there") }
                let digest = try await pool.run { _ in try FileSystem.digest(of: file) }
                guard digest == sum else { return (.failed, "its digest is \(digest), not \(sum)") }
                guard stated == nil || stated == digest.description else {
                    return (.failed, "its page states the digest \(quoted(stated ?? ""))")
                }
                good[name] = digest
                return (.passed, "\(digest)")
            }
        }
        let outside = [Release.sumsName, Release.sumsName + ".asc", ReleaseFolder.recordName]
        for name in files.keys.sorted() where sums[name] == nil && !outside.contains(name) {
            report.note(name, .failed, "it has no sum")
        }
        return good
    }

    private func checkSignatures(
        _ files: [String: (FilePath, stated: String?)], _ report: inout VerificationReport
    ) async throws {
        let check = SignatureCheck(scratch: scratch)
        let sources = release.sourceStem.map { stem in
            (release.file.sourceArchives?.forms ?? []).map { "\(stem).\($0.rawValue)" }
        }
        for name in release.archives.map(\.fileName) + (sources ?? []) + [Release.sumsName] {
            let signature = name + ".asc"
            guard let (file, _) = files[name], let (signatureFile, _) = files[signature] else {
                report.note(signature, .failed, "the file or its signature is missing")
                continue
            }
            guard !keys.bytes.isEmpty else {
                report.note(signature, .unproven, "no public key was given: name one with --asset-key")
                continue
            }
            try await report.check(signature) {
                let signers = try await check.signers(of: file, signatureFile, what: name, keys: keys)
                return (.passed, "a good signature by \(signers.joined(separator: ", "))")
            }
        }
    }

    /// Checks an archive's programs, and returns their digests by name.
    private func check(
        _ archive: ReleaseArchive, _ file: FilePath
    ) async throws -> ([String: Digest], String, VerificationReport.Outcome) {
        let spool = scratch.appending("archive")
        let unpacked = try await pool.run { flag in
            try UnpackedArchive(file, spool: spool, isCancelled: { flag.isSet })
        }
        guard unpacked.isBelow(archive.stem) else {
            throw ReleaseError(.unequal, "not everything is below \(archive.stem)")
        }
        let check = ProgramCheck(release: release, goVersion: nil, architecture: architecture, work: scratch)
        var (digests, details) = ([String: Digest](), [String]())
        var outcome = VerificationReport.Outcome.passed
        for program in release.programs {
            let copy = scratch.appending("program")
            try FileSystem.remove(copy)
            let content = try unpacked.program(program.name, of: archive)
            digests[program.name] = try await pool.run { _ in
                try content.copy(to: copy, mode: 0o644)
                return try FileSystem.digest(of: copy)
            }
            switch try await check.check(program, archive.platform, copy) {
            case .native: details.append("\(program.name) reports the version")
            case .emulated: details.append("\(program.name) reports the version, emulated")
            case .read: details.append("\(program.name) names the version")
            case .notRun(let reason):
                details.append("\(program.name) is for the platform, and was not run: \(reason)")
                outcome = .unproven
            }
        }
        if archive.platform.os != "linux" { details.append("programs for \(archive.platform.os) were not run") }
        return (digests, details.joined(separator: "; "), outcome)
    }
}
