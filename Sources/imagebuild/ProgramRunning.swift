import ImageAssembly
import OCIContent

enum ProgramRunning {
    static func runner(_ pool: BlockingPool) -> ProgramRunner? { nil }
}
