import ConfigurationFile
import OCIContent
import OCIModel

extension Field {
    /// Reads a registry and the path that begins its repositories: `registry.example.org/mirror`.
    func destination() -> MirrorDestination? {
        guard let text = text() else { return nil }
        let host = text.prefix { $0 != "/" }
        let path = text.dropFirst(host.count + 1)
        do throws(OCIModelError) {
            let host = try RegistryHost(String(host))
            if !path.isEmpty || text.hasSuffix("/") { _ = try RepositoryName(path) }
            return MirrorDestination(host: host, prefix: String(path))
        } catch {
            report(error.message, hint: "write host[:port][/path]: registry.example.org/mirror")
            return nil
        }
    }

    /// Reads a repository with its host, and neither a tag nor a digest.
    func repository() -> ImageReference? {
        guard let text = text() else { return nil }
        do throws(OCIModelError) {
            let reference = try ImageReference(text)
            guard reference.tag == nil, reference.digest == nil else {
                report(
                    "'\(text)' names one image, and a repository is meant",
                    hint: "write \(reference.place), and its tags under 'tags'")
                return nil
            }
            return reference
        } catch {
            report(error.message, hint: "write host/repository")
            return nil
        }
    }

    func repositoryPath() -> RepositoryName? {
        guard let text = text() else { return nil }
        do throws(OCIModelError) { return try RepositoryName(text) } catch {
            report(error.message, hint: "write the path below the destination: etcd, or library/etcd")
            return nil
        }
    }

    func registryHost() -> RegistryHost? {
        guard let text = text() else { return nil }
        do throws(OCIModelError) { return try RegistryHost(text) } catch {
            report(error.message, hint: error.hint)
            return nil
        }
    }

    func tag() -> String? {
        text("a tag", like: "3.5.16-0: up to 128 letters, digits, '_', '.', '-'") { Tag($0) != nil }
    }

    func platformChoice() -> PlatformChoice? {
        guard let text = text() else { return nil }
        do throws(OCIModelError) { return try PlatformChoice(text) } catch {
            report(error.message, hint: "write os/architecture[/variant]: linux/arm64")
            return nil
        }
    }

    /// Reads one of the words of an enumeration.
    func word<Word: RawRepresentable & CaseIterable>(_ noun: String) -> Word? where Word.RawValue == String {
        choice(noun, among: Word.allCases.map(\.rawValue)).flatMap { Word(rawValue: $0) }
    }

    func pattern(isGlob: Bool) -> TagPattern? {
        guard let text = text() else { return nil }
        do throws(PatternFlaw) { return isGlob ? try TagPattern(glob: text) : try TagPattern(expression: text) } catch {
            report("'\(text)' is not a \(isGlob ? "glob" : "regular expression"): \(error.message)")
            return nil
        }
    }

    func versionRange() -> VersionRange? {
        guard let text = text() else { return nil }
        do throws(OCIModelError) { return try VersionRange(text) } catch {
            report("'\(text)' is not a range of versions: \(error.message)", hint: VersionRange.hint)
            return nil
        }
    }

    /// Reads a day, whose beginning in UTC is meant.
    func date() -> Timestamp? {
        guard let text = text("a date", like: "2027-01-31", where: { Timestamp(canonical: $0 + "T00:00:00Z") != nil })
        else { return nil }
        return Timestamp(canonical: text + "T00:00:00Z")
    }

    /// Reads `22:30` as minutes of the day.
    func timeOfDay() -> Int? {
        func minutes(_ text: String) -> Int? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map {
                $0.utf8.count == 2 ? UInt8($0) : nil
            }
            guard parts.count == 2, let hours = parts[0], let minutes = parts[1], hours < 24, minutes < 60 else {
                return nil
            }
            return Int(hours) * 60 + Int(minutes)
        }
        return text("a time of day in UTC", like: "\"22:30\"") { minutes($0) != nil }.flatMap(minutes)
    }

    /// Reads bytes per second: `10MB/s`.
    func bandwidth() -> Int64? {
        func bytes(_ text: String) -> Int64? {
            let units: [(String, Int64)] = [("kB/s", 1000), ("MB/s", 1_000_000), ("GB/s", 1_000_000_000)]
            guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
                let number = Int64(text.dropLast(unit.count)), (1...1_000_000).contains(number)
            else { return nil }
            return number * factor
        }
        return text("a bandwidth", like: "500kB/s or 10MB/s") { bytes($0) != nil }.flatMap(bytes)
    }
}
