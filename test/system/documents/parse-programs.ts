import type { Workplace } from "./workplace.ts";

/** Rejects if the file is no Java. Syntax only: `npm run interop` compiles and runs it against the libraries. */
export async function parseJava(place: Workplace, code: string): Promise<void> {
  place.write("Snippet.java", code);
  place.write("Parse.java", javaParser);
  await place.run("java Parse.java Snippet.java");
}

/** Rejects if the file is no Go, or not formatted as gofmt does. */
export async function parseGo(place: Workplace, code: string): Promise<void> {
  place.write("main.go", code);
  await place.run("gofmt -e main.go");
}

const javaParser = `
import com.sun.source.util.JavacTask;
import java.io.File;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.ToolProvider;

public class Parse {
  public static void main(String[] args) throws Exception {
    var faults = new DiagnosticCollector<JavaFileObject>();
    var compiler = ToolProvider.getSystemJavaCompiler();
    var files = compiler.getStandardFileManager(null, null, null).getJavaFileObjects(new File(args[0]));
    ((JavacTask) compiler.getTask(null, null, faults, null, null, files)).parse();
    faults.getDiagnostics().forEach(System.err::println);
    System.exit(faults.getDiagnostics().isEmpty() ? 0 : 1);
  }
}
`;
