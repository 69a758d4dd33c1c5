package import OCIModel

/// A program that was compiled for a platform, and what was found out about it.
package struct BuiltProgram: Hashable, Sendable, Codable {
    /// The way in which the version that it reports was learnt.
    package enum Trial: Hashable, Sendable, Codable {
        case native
        case emulated
        /// It is for a system whose programs never run here; its data names the version.
        case read
        /// It was not run, for a reason that people read.
        case notRun(String)
    }

    package var name: String
    /// The platform in Go's words: `linux/arm64`.
    package var platform: String
    /// The size in bytes.
    package var size: Int64
    package var digest: Digest
    package var goVersion: String
    package var trial: Trial

    package init(name: String, platform: String, size: Int64, digest: Digest, goVersion: String, trial: Trial) {
        (self.name, self.platform, self.size, self.digest) = (name, platform, size, digest)
        (self.goVersion, self.trial) = (goVersion, trial)
    }
}
