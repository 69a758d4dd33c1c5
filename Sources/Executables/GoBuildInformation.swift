/// The information that Go's linker wrote into a program about its making (`debug/buildinfo` and
/// `runtime/debug.BuildInfo` in Go's standard library).
package struct GoBuildInformation: Hashable, Sendable {
    /// A module that the program is made of.
    package struct Module: Hashable, Sendable {
        package var path: String
        /// `(devel)` for a main module that was compiled from a folder; empty where Go wrote none.
        package var version: String
        /// The module's sum, as `go.sum` has it; empty for a module without one.
        package var sum: String

        package init(path: String, version: String, sum: String) {
            (self.path, self.version, self.sum) = (path, version, sum)
        }
    }

    /// The toolchain: `go1.24.4`.
    package let goVersion: String
    /// The import path of the program's package; `nil` without modules.
    package private(set) var path: String?
    package private(set) var main: Module?
    /// The modules as they were compiled: a replaced one is named by what replaced it.
    package private(set) var dependencies: [Module] = []
    /// Go's settings by key: `CGO_ENABLED`, `GOARCH`, `-trimpath`. Toolchains before 1.18 write none.
    package private(set) var settings: [String: String] = [:]

    static let maximumText = 4 << 20

    /// Reads the linker's text of modules and settings.
    init(goVersion: String, text: String) {
        self.goVersion = goVersion
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let module = Module(
                path: fields.count > 1 ? fields[1] : "", version: fields.count > 2 ? fields[2] : "",
                sum: fields.count > 3 ? fields[3] : "")
            switch fields[0] {
            case "path": path = module.path
            case "mod": main = module
            case "dep": dependencies.append(module)
            case "=>":
                if dependencies.isEmpty { main = module } else { dependencies[dependencies.count - 1] = module }
            case "build":
                let parts = module.path.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2 { settings[String(parts[0])] = Self.unquoted(String(parts[1])) }
            default: break
            }
        }
    }

    /// Removes the quotes that Go puts around values with spaces or quotes; its other escapes stay as they are.
    private static func unquoted(_ value: String) -> String {
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        return String(value.dropFirst().dropLast()).replacing("\\\"", with: "\"")
    }
}
