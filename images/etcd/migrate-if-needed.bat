@echo off
rem Kept for pods that call it: everything comes from the environment. New pods call migrate.exe.
"%~dp0migrate.exe" %*
exit /b %ERRORLEVEL%
