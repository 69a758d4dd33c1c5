import FoundationEssentials
import SystemPackage

func makeFolder(_ path: FilePath) throws {
    try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: false)
}

func removeFolder(_ path: FilePath) {
    try? FileManager.default.removeItem(atPath: path.string)
}
