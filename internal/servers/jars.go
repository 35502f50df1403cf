package servers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tandemdata/tandem/internal/child"
)

const (
	dependencyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:"
	downloadLimit    = 10 * time.Minute
)

// cacheDir is where jars stay, and where servers have their data while they run.
func cacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "tandem-servers")
}

// jarDir exists only when complete.
func (k *kind) jarDir() string {
	return filepath.Join(cacheDir(), k.name+"-"+k.version)
}

// download puts the kind's jars into its jarDir, unless they are there. One download runs at a time on a machine:
// Maven's own repository does not bear two.
func (k *kind) download(ctx context.Context) error {
	if _, err := os.Stat(k.jarDir()); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, downloadLimit)
	defer cancel()
	dir := filepath.Join(cacheDir(), "download")
	lock, err := waitAcquire(ctx, dir)
	if err != nil {
		return fmt.Errorf("wait for another download: %w", err)
	}
	defer lock.Close()
	if _, err := os.Stat(k.jarDir()); err == nil {
		return nil
	}
	return k.mvn(ctx, filepath.Join(dir, k.name))
}

// mvn downloads into work, which the lock guards: what stands there is left from a download that was killed.
func (k *kind) mvn(ctx context.Context, work string) error {
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), k.pom(), 0o644); err != nil {
		return err
	}
	goal := dependencyPlugin + "copy-dependencies"
	if k.archives {
		goal = dependencyPlugin + "unpack-dependencies"
	}
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", goal, "-DincludeScope=runtime", "-DoutputDirectory=jars")
	cmd.Dir = work
	if err := child.Run(cmd, filepath.Join(work, "mvn.log")); err != nil {
		return fmt.Errorf("download with mvn: %w", err)
	}
	return os.Rename(filepath.Join(work, "jars"), k.jarDir())
}

func (k *kind) pom() []byte {
	var pom bytes.Buffer
	pom.WriteString("<project><modelVersion>4.0.0</modelVersion>\n" +
		"<groupId>servers</groupId><artifactId>servers</artifactId><version>1</version><packaging>pom</packaging>\n" +
		"<dependencies>\n")
	for _, artifact := range k.artifacts {
		part := strings.Split(artifact, ":")
		fmt.Fprintf(&pom, "<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>", part[0], part[1], part[2])
		if k.archives {
			fmt.Fprintf(&pom, "<type>%s</type><classifier>%s</classifier>"+
				"<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>", part[3], part[4])
		}
		pom.WriteString("</dependency>\n")
	}
	pom.WriteString("</dependencies></project>\n")
	return pom.Bytes()
}
