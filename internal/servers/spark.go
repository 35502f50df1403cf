package servers

import (
	"os/exec"
	"testing"
)

// sparkJars are what Spark reads Iceberg tables with, and the driver of the catalog's database.
var sparkJars = &kind{
	name:      "spark-iceberg",
	version:   "3.5-1.10.0",
	artifacts: []string{"org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0", "org.xerial:sqlite-jdbc:3.50.3.0"},
}

// Spark is [Lake] with Spark beside it, and the directory of its jars in TANDEM_SPARK_JARS.
func Spark(t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	skipIfDeclined(t, pyspark)
	if why := sparkJars.missing(); why != "" {
		skip(t, pyspark, why, "install Java 17 and Maven")
	}
	if err := sparkJars.download(t.Context()); err != nil {
		t.Fatal(err)
	}
	cmd := python(t, []*pypi{lake, pyspark}, script, args)
	cmd.Env = append(cmd.Env, "TANDEM_SPARK_JARS="+sparkJars.jarDir())
	return cmd
}
